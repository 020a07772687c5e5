"""What the package says of itself: its dependencies, and the pinned set beside them."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEPENDENCIES = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = {name: [Requirement(line) for line in lines] for name, lines in PROJECT["optional-dependencies"].items()}
ALL = [*DEPENDENCIES, *(dependency for extra in EXTRAS.values() for dependency in extra)]
PINS = {
    canonicalize_name(pin.name): next(iter(pin.specifier)).version
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if "==" in line
    for pin in [Requirement(line)]
}
FOR_DEVELOPERS = ("explorer/components/build_kernels.py",)
"""Modules that the app does not use: comparisons with other packages, and a compiler of an asset."""


@pytest.mark.parametrize("dependency", ALL, ids=lambda dependency: dependency.name)
def test_a_dependency_has_a_range_and_a_pin_in_it(dependency):
    assert {bound.operator for bound in dependency.specifier} == {">=", "<"}
    assert dependency.specifier.contains(PINS[canonicalize_name(dependency.name)])


def test_every_pin_is_of_a_dependency():
    assert set(PINS) == {canonicalize_name(dependency.name) for dependency in ALL}


def _imported(path: Path) -> set[str]:
    """The top-level names of what a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def test_all_that_is_imported_is_a_dependency():
    modules = [path for package in ("explorer", "vae_core") for path in (ROOT / package).rglob("*.py")]
    imported = set().union(*(_imported(path) for path in modules if not any(map(path.match, FOR_DEVELOPERS))))
    others = imported - sys.stdlib_module_names - {"explorer", "vae_core", "__future__"}
    assert {"torch", "streamlit", "PIL"} <= others
    carriers = packages_distributions()
    known = {canonicalize_name(dependency.name) for dependency in [*DEPENDENCIES, *EXTRAS["onnx"]]}
    unknown = {name for name in others if not {canonicalize_name(carrier) for carrier in carriers[name]} & known}
    assert not unknown

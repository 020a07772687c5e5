"""Which part of the app may import which, and that no modules import each other in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import explorer
import vae_core

LEAVES = {"choices", "design_tokens", "pixels"}
"""Modules of the app that import no other part of it."""
ALLOWED = {
    "services": {"services", *LEAVES},
    "presenters": {"presenters", *LEAVES},
    "components": {"components", "presenters", *LEAVES},
    "web": {"web", "services", *LEAVES},
    "payloads": {"payloads", "components", "services", "web", *LEAVES},
    "panels": {"panels", "components", "payloads", "presenters", "services", *LEAVES},
    "dialogs": {"dialogs", "components", "payloads", "presenters", "services", *LEAVES},
    "screens": {"screens", "panels", "components", "payloads", "presenters", "services", *LEAVES},
    "sidebar": {"components", "dialogs", "services", *LEAVES},
    "main": {"components", "services", "sidebar", *LEAVES},
    "app": {"services", "web"},
    "__main__": {"services"},
    "__init__": set(),
    **{leaf: set() for leaf in LEAVES},
}
"""The parts of the app, and the parts that each of them may import."""
PAGES = {"screens", "panels", "dialogs", "sidebar", "main"}
"""The parts that lay out pages: they work with neither tensors nor files."""


def modules(package) -> dict[str, Path]:
    """The modules of a package by their full names. The name of a package's `__init__` is that of the package."""
    root = Path(package.__file__).parent
    found = {}
    for path in root.rglob("*.py"):
        name = ".".join([package.__name__, *path.relative_to(root).with_suffix("").parts])
        found[name.removesuffix(".__init__")] = path
    return found


MODULES = {**modules(explorer), **modules(vae_core)}


def nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below a node, except for imports that only type checkers see."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        yield child
        yield from nodes(child)


@cache
def imported(name: str) -> frozenset[str]:
    """The full names of what a module imports, also within its functions."""
    found: set[str] = set()
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    for node in nodes(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(filter(None, [*package.split(".")[: len(package.split(".")) - node.level + 1], base]))
            # What is imported from a package may be one of its modules.
            found |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base for alias in node.names}
    return frozenset(found)


def part(name: str) -> str:
    """The part of the app that a module belongs to."""
    return "__init__" if name == "explorer" else name.split(".")[1]


APP = sorted(name for name in MODULES if name.split(".")[0] == "explorer")


def test_every_part_is_known():
    assert {part(name) for name in APP} == set(ALLOWED)


@pytest.mark.parametrize("name", APP)
def test_a_module_imports_only_what_its_part_may(name):
    parts = {part(other) for other in imported(name) if other.split(".")[0] == "explorer"}
    assert parts <= ALLOWED[part(name)]


@pytest.mark.parametrize("name", [name for name in APP if part(name) != "services"])
def test_only_services_call_the_package(name):
    assert not any(other.split(".")[0] == "vae_core" for other in imported(name))


@pytest.mark.parametrize("name", [name for name in APP if part(name) in PAGES])
def test_pages_hold_no_tensors_and_no_files(name):
    assert imported(name).isdisjoint({"torch", "pathlib", "os", "os.path", "io", "shutil"})


def test_the_package_knows_nothing_of_the_app():
    for name in MODULES:
        if name.split(".")[0] == "vae_core":
            assert not any(other.split(".")[0] in ("explorer", "streamlit") for other in imported(name)), name


def test_tasks_import_no_streamlit():
    for name in APP:
        if name.startswith("explorer.services.tasks"):
            assert "streamlit" not in imported(name), name


@pytest.mark.parametrize("package", ["explorer", "vae_core"])
def test_no_modules_import_each_other_in_a_circle(package):
    names = {name for name in MODULES if name.split(".")[0] == package}
    graph = {name: {other for other in imported(name) if other in names and other != name} for name in names}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " imports ".join([*path[path.index(name) :], name])
        if name in done:
            return
        for other in graph[name]:
            visit(other, (*path, name))
        done.add(name)

    for name in sorted(names):
        visit(name, ())

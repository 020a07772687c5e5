"""Measures the structure of the two packages: lines, functions that are too long, and methods that override concrete ones.

python tests/benchmarks/structure.py

Prints one JSON object. Cycles between modules are checked by tests/explorer/test_layering.py.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("vae_core", "explorer")
LONGEST_FUNCTION = 60
"""Largest number of lines of a function, its signature and docstring included."""
SPECIAL = ("__init__", "__post_init__", "__call__")
"""Methods that a subclass may replace."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(package: str) -> Iterator[tuple[Path, ast.Module]]:
    """Paths and syntax trees of the modules of a package."""
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path, ast.parse(path.read_text())


def methods(node: ast.ClassDef) -> dict[str, bool]:
    """Names of the methods of a class, and for each of them whether it is abstract."""
    found = {}
    for child in node.body:
        if isinstance(child, Function):
            found[child.name] = any("abstractmethod" in ast.dump(decorator) for decorator in child.decorator_list)
    return found


def overrides(classes: dict[str, ast.ClassDef]) -> Iterator[str]:
    """Methods that override a concrete method of a class of this project, as `Class.method`."""
    for name, node in classes.items():
        bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
        seen: set[str] = set()
        while bases:
            base = bases.pop()
            if base in seen or base not in classes:
                continue
            seen.add(base)
            concrete = {method for method, abstract in methods(classes[base]).items() if not abstract}
            yield from (f"{name}.{method}" for method in methods(node) if method in concrete and method not in SPECIAL)
            bases += [parent.id for parent in classes[base].bases if isinstance(parent, ast.Name)]


def main() -> None:
    """Prints the figures."""
    lines = dict.fromkeys(PACKAGES, 0)
    long: list[str] = []
    classes: dict[str, ast.ClassDef] = {}
    for package in PACKAGES:
        for path, tree in modules(package):
            lines[package] += len(path.read_text().splitlines())
            for node in ast.walk(tree):
                if isinstance(node, Function) and node.end_lineno - node.lineno >= LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}: {node.name}")
                if isinstance(node, ast.ClassDef):
                    classes[node.name] = node
    print(json.dumps({"lines": lines, "long_functions": long, "overrides": sorted(overrides(classes))}, indent=1))


if __name__ == "__main__":
    main()

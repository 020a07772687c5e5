"""Joins small ES modules into one, for where a page can load only one: an inline component or a self-contained HTML file.

Each module becomes a function that is called once and returns its exports. The modules may use only the forms that are parsed
here, each on its own line at the top: `import { a, b as c } from "./x.js";`, `import name from "./x.json";` and, for the text
of a worker's script, `import name from "./x.js?worker";`. They `export` a `function`, `class`, `const` or `default function`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

NAMED = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"([^"]+)";\n', re.MULTILINE)
JSON = re.compile(r'^import\s+(\w+)\s+from\s*"([^"]+\.json)";\n', re.MULTILINE)
WORKER = re.compile(r'^import\s+(\w+)\s+from\s*"([^"]+\.js)\?worker";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (default )?((?:async )?function|class|const) (\w+)", re.MULTILINE)


def bundle(entry: Path, export_as: str = "export default") -> str:
    """The module `entry` and everything that it imports, as the text of one module with the default export of `entry`.

    `export_as` replaces the `export default` in front of it: with "const mount =", for example, the text is a script.

    Raises ValueError for a module in an unsupported form, and for modules that import each other.
    """
    modules: dict[Path, str] = {}
    _add(entry.resolve(), modules, ())
    return "\n".join([*modules.values(), f"{export_as} {_name(entry.resolve(), modules)}.default;\n"])


def _add(path: Path, modules: dict[Path, str], importers: tuple[Path, ...]) -> None:
    if path in modules:
        return
    if path in importers:
        raise ValueError(f"{path.name} imports itself through {', '.join(p.name for p in importers)}.")
    source = path.read_text(encoding="utf-8")
    # A worker shares nothing with the page, so its modules are bundled separately.
    workers = {name: bundle((path.parent / other).resolve(), "") for name, other in WORKER.findall(source)}
    for pattern in (NAMED, JSON):
        for _, other in pattern.findall(source):
            _add((path.parent / other).resolve(), modules, (*importers, path))
    # The position in the dictionary, which this reserves, is part of the module's name.
    modules[path] = ""
    modules[path] = _module(path, source, modules, workers)


def _module(path: Path, source: str, modules: dict[Path, str], workers: dict[str, str]) -> str:
    if path.suffix == ".json":
        return f"const {_name(path, modules)} = {source.strip()};"

    def named(match: re.Match[str]) -> str:
        names = re.sub(r"\s+as\s+", ": ", match[1].strip())
        return f"const {{ {names} }} = {_name((path.parent / match[2]).resolve(), modules)};\n"

    def of_json(match: re.Match[str]) -> str:
        return f"const {match[1]} = {_name((path.parent / match[2]).resolve(), modules)};\n"

    def of_worker(match: re.Match[str]) -> str:
        # Inside an HTML page the text must not contain a closing tag.
        text = json.dumps(workers[match[1]]).replace("</", "<\\/")
        return f"const {match[1]} = {text};\n"

    exports = [f"default: {name}" if default else name for default, _, name in EXPORT.findall(source)]
    body = EXPORT.sub(r"\2 \3", WORKER.sub(of_worker, JSON.sub(of_json, NAMED.sub(named, source))))
    unsupported = re.search(r"^(import|export)\b.*", body, re.MULTILINE)
    if unsupported:
        raise ValueError(f"{path.name}: the bundle does not support the form {unsupported[0]!r}.")
    return f"const {_name(path, modules)} = (() => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();"


def _name(path: Path, modules: dict[Path, str]) -> str:
    return f"{re.sub(r'[^a-z0-9]', '_', path.stem.lower())}_{list(modules).index(path)}"

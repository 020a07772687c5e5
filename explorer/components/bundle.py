"""Small ES modules as one, for where a page can load only one: an inline component, a self-contained HTML file.

Each module becomes a function that is called once and gives its exports. The modules keep to the forms that are read here,
on lines of their own at the top: `import { a, b as c } from "./x.js";`, `import name from "./x.json" with { type: "json" };`
and, for the text of a worker's script, `import name from "./x.js" with { type: "worker" };`. They `export` a `function`,
`class`, `const` or `default function`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

NAMED = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"([^"]+)";\n', re.MULTILINE)
JSON = re.compile(r'^import\s+(\w+)\s+from\s*"([^"]+\.json)"\s*with\s*\{[^}]*\};\n', re.MULTILINE)
WORKER = re.compile(r'^import\s+(\w+)\s+from\s*"([^"]+\.js)"\s*with\s*\{ type: "worker" \};\n', re.MULTILINE)
EXPORT = re.compile(r"^export (default )?((?:async )?function|class|const) (\w+)", re.MULTILINE)


def bundle(entry: Path, last: str = "export default") -> str:
    """The module `entry` and all that it imports as the text of one module with the default export of `entry`.

    With another `last`, such as "const mount =", that is what is done with it, and the text is a script.

    Raises ValueError on a module in a form that is not known here, and on modules that import each other.
    """
    pieces: dict[Path, str] = {}
    _add(entry.resolve(), pieces, ())
    return "\n".join([*pieces.values(), f"{last} {_name(entry.resolve(), pieces)}.default;\n"])


def _add(path: Path, pieces: dict[Path, str], above: tuple[Path, ...]) -> None:
    if path in pieces:
        return
    if path in above:
        raise ValueError(f"{path.name} imports itself by way of {', '.join(p.name for p in above)}.")
    source = path.read_text(encoding="utf-8")
    # A worker shares nothing with the page, so it has modules of its own.
    workers = {name: bundle((path.parent / other).resolve(), "") for name, other in WORKER.findall(source)}
    for pattern in (NAMED, JSON):
        for _, other in pattern.findall(source):
            _add((path.parent / other).resolve(), pieces, (*above, path))
    # The place in the dictionary, which this reserves, is the module's name.
    pieces[path] = ""
    pieces[path] = _module(path, source, pieces, workers)


def _module(path: Path, source: str, pieces: dict[Path, str], workers: dict[str, str]) -> str:
    if path.suffix == ".json":
        return f"const {_name(path, pieces)} = {source.strip()};"

    def named(match: re.Match[str]) -> str:
        names = re.sub(r"\s+as\s+", ": ", match[1].strip())
        return f"const {{ {names} }} = {_name((path.parent / match[2]).resolve(), pieces)};\n"

    def of_json(match: re.Match[str]) -> str:
        return f"const {match[1]} = {_name((path.parent / match[2]).resolve(), pieces)};\n"

    def of_worker(match: re.Match[str]) -> str:
        # Within a page a script must not hold what ends one.
        text = json.dumps(workers[match[1]]).replace("</", "<\\/")
        return f"const {match[1]} = {text};\n"

    exports = [f"default: {name}" if default else name for default, _, name in EXPORT.findall(source)]
    body = EXPORT.sub(r"\2 \3", WORKER.sub(of_worker, JSON.sub(of_json, NAMED.sub(named, source))))
    left = re.search(r"^(import|export)\b.*", body, re.MULTILINE)
    if left:
        raise ValueError(f"{path.name}: the bundle does not know the form {left[0]!r}.")
    return f"const {_name(path, pieces)} = (() => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();"


def _name(path: Path, pieces: dict[Path, str]) -> str:
    return f"{re.sub(r'[^a-z0-9]', '_', path.stem.lower())}_{list(pieces).index(path)}"

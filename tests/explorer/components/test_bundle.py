"""Small modules as one: the result behaves as the modules do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from explorer.components.bundle import bundle


def write(folder: Path, **modules: str) -> Path:
    for name, source in modules.items():
        (folder / f"{name}.js").write_text(source)
    return folder / "main.js"


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_bundle_runs(tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text('{"three": 3}')
    entry = write(
        tmp_path,
        main='import { one, Two as Second } from "./parts.js";\n'
        'import data from "./data.json";\n'
        "const hidden = 10;\n"
        "export default function main() {\n  return hidden + one() + new Second().value + data.three;\n}\n",
        parts='import { hidden } from "./deep.js";\n'
        "export function one() {\n  return hidden;\n}\nexport class Two {\n  value = 2;\n}\n",
        deep="export const hidden = 1;\n",
    )
    (tmp_path / "bundle.mjs").write_text(bundle(entry) + "")
    (tmp_path / "run.mjs").write_text('import main from "./bundle.mjs";\nconsole.log(main());\n')
    done = subprocess.run(["node", str(tmp_path / "run.mjs")], capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "16", done.stderr


def test_circles_are_refused(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        main='import { a } from "./a.js";\nexport default function main() {}\n',
        a='import { b } from "./b.js";\nexport const a = 1;\n',
        b='import { a } from "./a.js";\nexport const b = 1;\n',
    )
    with pytest.raises(ValueError, match=r"a\.js imports itself"):
        bundle(entry)


@pytest.mark.parametrize("line", ['import "./a.js";', 'import * as a from "./a.js";', "export { a };", "export let b = 1;"])
def test_unknown_forms_are_refused(line: str, tmp_path: Path) -> None:
    entry = write(tmp_path, main=f"{line}\nexport default function main() {{}}\n", a="export const a = 1;\n")
    with pytest.raises(ValueError, match="does not support the form"):
        bundle(entry)

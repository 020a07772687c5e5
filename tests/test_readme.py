"""The README says what is so: its table, its commands, its picture."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from vae_core.checkpoint import registry
from vae_core.cli import _parser, main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_is_what_the_list_command_prints(monkeypatch):
    monkeypatch.delenv(registry.FOLDER_VARIABLE, raising=False)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["list"]) == 0
    table = README.split("<!-- python -m vae_core list -->\n")[1].split("<!-- end of list -->")[0]
    assert table.strip() == out.getvalue().strip()


@pytest.mark.parametrize("line", re.findall(r"^python -m vae_core (.*?)(?:  #.*)?$", README, re.M))
def test_its_command_lines_are_understood(line):
    _parser().parse_args(shlex.split(line))


@pytest.mark.slow
def test_its_python_runs(tmp_path, monkeypatch):
    if "mnist-vae-2" not in registry.paths():
        pytest.skip("mnist-vae-2 has not been trained yet")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(blocks) == 2
    space: dict = {}
    for block in blocks:
        exec(block.replace("seconds=60", "seconds=1").replace("iwae_samples=100", "iwae_samples=2"), space)
    assert space["images"].shape == (2, 1, 28, 28) and space["path"].shape == (9, 1, 28, 28)


def test_the_files_it_names_are_there():
    for path in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / path).is_file(), path


def test_the_requirements_end_with_the_project_and_pin_everything():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[-1] == "-e ." and all("==" in line and "+" not in line for line in lines[:-1])

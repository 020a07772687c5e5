"""Style, docstrings and types are as the configuration of the checkers asks for, in Python and in the scripts of the page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def check(*command: str) -> None:
    """Runs a checker in the repository, and fails with what it reports."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def test_style_and_docstrings_follow_the_rules():
    check(sys.executable, "-m", "ruff", "check", "--no-cache", ".")


@pytest.mark.slow
def test_the_types_of_the_python_code_fit():
    check(sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable)


@pytest.mark.slow
def test_the_types_of_the_javascript_code_fit():
    compiler = shutil.which("tsc")
    if compiler is None:
        message = "TypeScript is not installed; the types of the page's scripts were not checked."
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    check(compiler, "--project", "jsconfig.json")

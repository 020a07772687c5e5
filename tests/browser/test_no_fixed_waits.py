"""Tests wait for what they look at, which takes as long as it takes, and never for a number of seconds."""

from __future__ import annotations

from pathlib import Path

import polling
import pytest

FOLDERS = (Path(__file__).parent, Path(__file__).parents[1] / "explorer")
# The one loop that looks again and again at what no page tells of.
ALLOWED = {Path(__file__), Path(polling.__file__)}


@pytest.mark.parametrize("wait", ["wait_for_timeout", "sleep("])
def test_no_test_waits_for_a_fixed_time(wait):
    files = [path for folder in FOLDERS for path in folder.rglob("*.py") if path not in ALLOWED]
    found = [f"{path.name}:{i}" for path in files for i, line in enumerate(path.read_text().splitlines(), 1) if wait in line]
    assert len(files) > 40 and not found

"""What the tests of training share."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture
def compiler() -> None:
    if shutil.which("g++") is None:
        pytest.skip("there is no C++ compiler here")

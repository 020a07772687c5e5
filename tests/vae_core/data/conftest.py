"""Every test here has a cache of its own and no data but its own; those of the real data say so by a fixture."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

_GIVEN = os.environ.get("VAE_DATA", "")


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory, monkeypatch):
    monkeypatch.delenv("VAE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def real_data(monkeypatch):
    """The environment's VAE_DATA; skips where there is none."""
    if not _GIVEN:
        pytest.skip("VAE_DATA is not set, so the real data is not tested")
    monkeypatch.setenv("VAE_DATA", _GIVEN)


@pytest.fixture
def check_splits():
    """Asserts that no image of a split is in another, byte for byte, and gives the three sizes."""

    def check(data) -> tuple[int, int, int]:
        parts = [{image.tobytes() for image in split.x.numpy()} for split in (data.train, data.validation, data.test)]
        assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
        return len(data.train), len(data.validation), len(data.test)

    return check


@pytest.fixture
def write_idx():
    """Writes uint8 data as an idx file, gzipped where the name ends in .gz."""
    import gzip

    def write(path: Path, x: np.ndarray) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        header = bytes((0, 0, 8, x.ndim)) + np.array(x.shape, ">u4").tobytes()
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "wb") as stream:
            stream.write(header + x.tobytes())

    return write

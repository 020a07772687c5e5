"""Projections stored on disk, by a key of everything that they depend on."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
from pathlib import Path

import numpy as np

from vae_core.files import replacing
from vae_core.projection.codes import checked, projectable
from vae_core.projection.methods import METHODS, settings
from vae_core.projection.projection import Projection

CACHE_BYTES = 256 * 2**20
"""Largest total size of the stored projections in a folder. The least recently used ones are deleted first."""


def key(codes: np.ndarray, method: str, *, seed: int = 0, **parameters: float) -> str:
    """Key of a stored projection, 32 hexadecimal digits.

    It depends on the codes, the method, its parameters, the seed and the version of the package that computes the projection.
    Raises ProjectionError as `project` does.
    """
    parameters = settings(method, parameters)
    codes = projectable(codes, METHODS[method])
    version = importlib.metadata.version(METHODS[method].distribution)
    about = [method, parameters, seed, version, list(codes.shape)]
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    digest.update(codes.tobytes())
    return digest.hexdigest()[:32]


def save(projection: Projection, folder: Path) -> Path:
    """Writes a projection to `folder` atomically, and then deletes the least recently used ones above CACHE_BYTES."""
    name = key(projection.codes, projection.method, seed=projection.seed, **projection.parameters)
    path = folder / f"{name}.npz"
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, points=projection.points)
    _prune(folder)
    return path


def load(folder: Path, codes: np.ndarray, method: str, *, seed: int = 0, **parameters: float) -> Projection | None:
    """The stored projection of these codes, or None if there is none in `folder` or its file is damaged.

    Raises ProjectionError as `project` does.
    """
    path = folder / f"{key(codes, method, seed=seed, **parameters)}.npz"
    try:
        with np.load(path, allow_pickle=False) as stored:
            points = stored["points"]
        os.utime(path)
    except Exception:
        # A file that is absent, cut short or not an archive is computed again and overwritten.
        return None
    if points.shape != (len(codes), 2) or points.dtype != np.float32 or not np.isfinite(points).all():
        return None
    return Projection(checked(codes), points, method, settings(method, parameters), seed)


def _prune(folder: Path) -> None:
    left = CACHE_BYTES
    for path in sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True):
        left -= path.stat().st_size
        if left < 0:
            path.unlink(missing_ok=True)

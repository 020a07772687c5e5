"""Codes in three groups, and projections of them that several tests share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vae_core.projection import Projection, project


@pytest.fixture(scope="session")
def codes() -> np.ndarray:
    """Three groups of 80 codes, far apart, with 6 dimensions: (240, 6), group by group."""
    rng = np.random.default_rng(0)
    centres = 8 * np.eye(6)[:3]
    return (np.repeat(centres, 80, 0) + rng.normal(size=(240, 6))).astype(np.float32)


@pytest.fixture(scope="session")
def projected(codes) -> Callable[[str], Projection]:
    """projected(method): the projection of the codes with seed 3, computed once."""
    made: dict[str, Projection] = {}

    def projected(method: str) -> Projection:
        if method not in made:
            made[method] = project(codes, method, seed=3)
        return made[method]

    return projected

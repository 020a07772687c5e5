"""A projection of codes, and the function that computes it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from threadpoolctl import ThreadpoolController

from vae_core.projection.codes import checked, projectable
from vae_core.projection.method import Progress, ProjectionError
from vae_core.projection.methods import METHODS, settings
from vae_core.projection.placing import place_by_neighbours


@dataclass(frozen=True, eq=False)
class Projection:
    """A projection of N codes."""

    codes: np.ndarray
    """Codes that were projected, float32 (N, d)."""
    points: np.ndarray
    """Point of each code, float32 (N, 2)."""
    method: str
    parameters: dict[str, float]
    seed: int

    def place(self, codes: np.ndarray) -> np.ndarray:
        """Points of other codes (M, d) on this projection, float32 (M, 2).

        With PCA, this is the exact projection. With other methods it is the geometric median of the points of the 8 nearest
        codes with the weights 1/r - 1/r_9, where r is the distance of each and r_9 that of the ninth. If the neighbours lie in
        two groups, the point is in one of the groups and not between them. A code that was projected keeps its point.

        Raises ProjectionError for codes that are not (M, d) or not finite.
        """
        codes = checked(codes, least=0)
        if codes.shape[1] != self.codes.shape[1]:
            raise ProjectionError(f"These codes have {codes.shape[1]} dimensions, and the map is of {self.codes.shape[1]}.")
        exact = METHODS[self.method].place
        if exact is not None:
            return exact(self.codes, codes)
        return place_by_neighbours(self.codes, self.points, codes)


def project(
    codes: np.ndarray, method: str = "pca", *, seed: int = 0, progress: Progress | None = None, **parameters: float
) -> Projection:
    """Computes a projection of codes (N, d) by one of METHODS; `parameters` replace the defaults of the method by name.

    The same codes, parameters and seed give the same projection on one machine. Raises ProjectionError for codes that are not
    finite, fewer than 5 codes, fewer different codes than the method needs, an unknown method or parameter, and a value out of
    range.
    """
    parameters = settings(method, parameters)
    codes = projectable(codes, METHODS[method])
    with _thread_counts_restored():
        points = METHODS[method].fit(codes, parameters, seed, progress or (lambda share: None))
    points = np.ascontiguousarray(points, np.float32)
    if not np.isfinite(points).all():
        raise ProjectionError(f"{METHODS[method].title} found no map of these codes; choose another kind of map.")
    return Projection(codes, points, method, parameters, seed)


@contextlib.contextmanager
def _thread_counts_restored() -> Iterator[None]:
    # Numba changes the number of OpenMP threads of the whole process, torch included, and does not change it back.
    before = [(pool, pool.get_num_threads()) for pool in ThreadpoolController().select(user_api="openmp").lib_controllers]
    try:
        yield
    finally:
        for pool, threads in before:
            pool.set_num_threads(threads)

"""Places other codes on a projection: each goes to the weighted geometric median of the points of its nearest neighbours."""

from __future__ import annotations

import numpy as np

from vae_core.projection.codes import CHUNK, centre_and_scale, scaled

NEIGHBOURS = 8
"""Number of neighbours that have a weight."""
_MEDIAN_STEPS = 50


def place_by_neighbours(known: np.ndarray, points: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Points float32 (M, 2) of other codes (M, d), where the codes `known` (N, d) have the points (N, 2)."""
    mean, scale = centre_and_scale(known)
    known = scaled(known, mean, scale)
    out = np.empty((len(codes), 2), np.float32)
    for start in range(0, len(codes), CHUNK):
        rows = slice(start, start + CHUNK)
        nearest, weights = _nearest(scaled(codes[rows], mean, scale), known)
        out[rows] = geometric_median(points[nearest], weights)
    return out


def _nearest(codes: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of `known` that are nearest to each of M codes, and their weights, which have a sum of 1: (M, k) both."""
    squares = (codes**2).sum(1)[:, None] - 2 * codes @ known.T + (known**2).sum(1)
    k = min(NEIGHBOURS + 1, squares.shape[1])
    nearest = np.argpartition(squares, k - 1, axis=1)[:, :k]
    # The distances are computed again without the cancellation of large numbers: that of a projected code to itself is 0.
    r = np.maximum(np.linalg.norm(codes[:, None] - known[nearest], axis=2).astype(np.float64), 1e-12)
    weights = 1 / r - 1 / r.max(1, keepdims=True)
    # If all neighbours are equally far, they have equal weights.
    weights[weights.sum(1) == 0] = 1
    return nearest, weights / weights.sum(1, keepdims=True)


def geometric_median(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Geometric median (M, 2) of each k points (M, k, 2) with weights (M, k) whose sum is 1 (Weiszfeld 1937)."""
    median = (weights[:, :, None] * points).sum(1)
    least = 1e-9 + 1e-6 * np.abs(points - median[:, None]).max((1, 2))[:, None]
    for _ in range(_MEDIAN_STEPS):
        pull = weights / np.maximum(np.linalg.norm(points - median[:, None], axis=2), least)
        median = (pull[:, :, None] * points).sum(1) / pull.sum(1, keepdims=True)
    return median

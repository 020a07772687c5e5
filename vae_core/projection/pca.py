"""Principal component analysis: the linear projection that keeps the most variance."""

from __future__ import annotations

import numpy as np

from vae_core.projection.method import Method, Progress


def principal(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """Mean (d,), two leading principal directions (2, d) and their shares of the variance, for codes (N, d).

    The largest entry of each direction is positive, which fixes its sign. If d is 1, the second direction is 0.
    """
    mean = codes.mean(0, dtype=np.float64)
    centred = codes - mean
    values, vectors = np.linalg.eigh(centred.T @ centred)
    directions, shares = np.zeros((2, codes.shape[1])), np.zeros(2)
    leading = vectors.T[::-1][:2]
    signs = np.sign(leading[np.arange(len(leading)), np.abs(leading).argmax(1)])
    directions[: len(leading)] = leading * signs[:, None]
    shares[: len(leading)] = values[::-1][:2] / max(values.sum(), 1e-300)
    return mean, directions, (float(shares[0]), float(shares[1]))


def _place(known: np.ndarray, codes: np.ndarray) -> np.ndarray:
    mean, directions, _ = principal(known)
    return ((codes - mean) @ directions.T).astype(np.float32)


def _fit(codes: np.ndarray, parameters: dict[str, float], seed: int, progress: Progress) -> np.ndarray:
    return _place(codes, codes)


PCA = Method(
    title="PCA",
    about="The flat view along the two directions in which the codes differ most: distances on it are true, and what the other "
    "directions hold is not seen.",
    source="Pearson 1901",
    distribution="numpy",
    parameters=(),
    fit=_fit,
    place=_place,
    least=2,
)

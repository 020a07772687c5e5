"""Checks of codes, and their scaling to a range in which float32 neither overflows nor underflows."""

from __future__ import annotations

import numpy as np

from vae_core.projection.method import LEAST_CODES, Fit, Method, Progress, ProjectionError

CHUNK = 256
"""Number of codes that are worked on at a time, which bounds the memory."""
_LARGEST = 1e9


def checked(codes: np.ndarray, least: int = LEAST_CODES) -> np.ndarray:
    """Codes (N, d) as a contiguous float32 array.

    Raises ProjectionError for another shape, fewer than `least` codes, and values that are not finite.
    """
    codes = np.asarray(codes, np.float32)
    if codes.ndim != 2 or codes.shape[1] < 1:
        raise ProjectionError(f"Codes have the shape (N, d), and these have {codes.shape}.")
    if len(codes) < least:
        raise ProjectionError(f"A map is drawn of {least} or more codes, and these are {len(codes)}.")
    if not np.isfinite(codes).all():
        raise ProjectionError("Some of these codes are not finite numbers.")
    return np.ascontiguousarray(codes)


def projectable(codes: np.ndarray, method: Method) -> np.ndarray:
    """Codes (N, d) as float32, with enough different ones among them for the method. Raises ProjectionError otherwise."""
    codes = checked(codes)
    different, left = 0, codes
    while len(left) and different < method.least:
        different, left = different + 1, left[(left != left[0]).any(1)]
    if different == 1:
        raise ProjectionError(f"All {len(codes):,} codes are the same: the model tells no image from another.")
    if different < method.least:
        raise ProjectionError(
            f"These {len(codes):,} codes are {different} different ones, repeated; "
            f"{method.title} needs {method.least} different ones."
        )
    return codes


def centre_and_scale(codes: np.ndarray) -> tuple[np.ndarray, float]:
    """The mean (d,) of codes (N, d), and the largest absolute deviation of a coordinate from it (1 if there is none)."""
    mean = codes.mean(0, dtype=np.float64)
    return mean, float(max((codes.max(0) - mean).max(), (mean - codes.min(0)).max())) or 1.0


def scaled(codes: np.ndarray, mean: np.ndarray, scale: float) -> np.ndarray:
    """(codes - mean) / scale as float32 (N, d), clipped to ±1e9, so that squares neither overflow nor vanish."""
    out = np.empty(codes.shape, np.float32)
    for start in range(0, len(codes), CHUNK):
        rows = slice(start, start + CHUNK)
        out[rows] = np.clip((codes[rows] - mean) / scale, -_LARGEST, _LARGEST)
    return out


def of_different_codes(fit: Fit) -> Fit:
    """Wraps `fit` so that it receives scaled codes without repetitions; equal codes get the same point."""

    def fitted(codes: np.ndarray, parameters: dict[str, float], seed: int, progress: Progress) -> np.ndarray:
        codes = scaled(codes, *centre_and_scale(codes))
        different, which = np.unique(codes, axis=0, return_inverse=True)
        if len(different) < LEAST_CODES:
            raise ProjectionError("A few of these codes are so far from the rest that the rest is one point beside them.")
        if len(different) == len(codes):
            # The result depends on the order of the codes, so the original order is kept where nothing repeats.
            different, which = codes, np.arange(len(codes))
        return fit(different, parameters, seed, progress)[which.ravel()]

    return fitted

"""What the components ask of their data. ValueError names the field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MAX_CLASSES = 2**16 - 1
"""The label after the last one marks a point of no class."""


def check(ok: bool, name: str, wanted: str) -> None:
    """Raises ValueError, with the field and what it has to be, where it is not."""
    if not ok:
        raise ValueError(f"{name} is not what the component takes: it {wanted}.")


def check_labels(labels: np.ndarray | None, classes: Sequence[str], count: int) -> None:
    """One class for each of `count` images, by its number, or no labels."""
    if labels is None:
        return
    check(np.shape(labels) == (count,), "labels", "has one number for each held-out image")
    check(0 < len(classes) <= MAX_CLASSES, "classes", f"has 1 to {MAX_CLASSES} names where there are labels")
    inside = count == 0 or (np.min(labels) >= 0 and np.max(labels) < len(classes))
    check(bool(inside), "labels", f"has numbers from 0 to {len(classes) - 1}")


def check_originals(originals: np.ndarray | None, image: tuple[int, int, int], count: int) -> None:
    """The first of `count` images, or none."""
    if originals is None:
        return
    fits = np.shape(originals)[1:] == tuple(image) and originals.dtype == np.uint8
    check(fits and len(originals) <= count, "originals", f"is uint8 (M, C, H, W) with M up to {count}")

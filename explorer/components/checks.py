"""Checks of the data that a component is given. They raise ValueError, which names the field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MAX_CLASSES = 2**16 - 1
"""Largest number of classes: labels are uint16, and the largest label marks a point without a class."""


def check(ok: bool, name: str, wanted: str) -> None:
    """Raises ValueError, with the field's name and what it has to be, unless `ok`."""
    if not ok:
        raise ValueError(f"{name} is not what the component takes: it {wanted}.")


def check_labels(labels: np.ndarray | None, classes: Sequence[str], count: int) -> None:
    """Checks that the labels are the class indices of `count` images, or None."""
    if labels is None:
        return
    check(np.shape(labels) == (count,), "labels", "has one number for each held-out image")
    check(0 < len(classes) <= MAX_CLASSES, "classes", f"has 1 to {MAX_CLASSES} names where there are labels")
    inside = count == 0 or (np.min(labels) >= 0 and np.max(labels) < len(classes))
    check(bool(inside), "labels", f"has numbers from 0 to {len(classes) - 1}")


def check_originals(originals: np.ndarray | None, image: tuple[int, int, int], count: int) -> None:
    """Checks that the images are the first of `count` held-out images, or None."""
    if originals is None:
        return
    fits = np.shape(originals)[1:] == tuple(image) and originals.dtype == np.uint8
    check(fits and len(originals) <= count, "originals", f"is uint8 (M, C, H, W) with M up to {count}")

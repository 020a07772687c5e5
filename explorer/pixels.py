"""Conversion of images to 8-bit pixels."""

from __future__ import annotations

import numpy as np


def as_uint8(image: np.ndarray) -> np.ndarray:
    """Images of any shape as uint8.

    Images that are uint8 are returned unchanged; float images are clipped to [0, 1] and scaled to 255.
    """
    return image if image.dtype == np.uint8 else np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)

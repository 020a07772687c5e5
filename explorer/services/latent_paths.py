"""A way through latent space to take along: as a moving picture, a strip, and its codes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from explorer.components.pictures import as_pixels, png_of_rows
from explorer.services import models
from explorer.services.models import Card

LEAST_SIDE = 224
"""Pixels of a moving picture's shorter side, at least."""
FRAME_MS = 60
IN_A_ROW = 17
"""Images of a strip's row: one more than the steps from pin to pin, so that each row ends on a pin."""


def checked(card: Card, codes: Sequence[Sequence[float]]) -> np.ndarray:
    """Codes of a path, float32 (K, d). Raises ValueError where they are none of the model's."""
    found = np.array(codes, np.float32)
    if found.ndim != 2 or found.shape[1] != card.config.latent or not np.isfinite(found).all():
        raise ValueError(f"These are no codes of {card.title}, which have {card.config.latent} numbers each.")
    return found


def frames(card: Card, codes: np.ndarray) -> np.ndarray:
    """What the model decodes along codes (K, d): uint8 (K, C, H, W)."""
    return as_pixels(models.load(card.name).model.decode(codes).numpy())


def gif(images: np.ndarray) -> bytes:
    """Images, uint8 (K, C, H, W), as a moving picture that begins again when it is over."""
    times = -(-LEAST_SIDE // min(images.shape[2:]))
    smooth = images.shape[1] == 3
    pictures = []
    for image in images:
        picture = Image.fromarray(np.moveaxis(image, 0, -1) if smooth else image[0])
        size = (picture.width * times, picture.height * times)
        pictures.append(picture.resize(size, Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST))
    out = io.BytesIO()
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], duration=FRAME_MS, loop=0, optimize=False)
    return out.getvalue()


def strip(images: np.ndarray) -> bytes:
    """The same side by side, from pin to pin in a row, as a PNG file."""
    step = IN_A_ROW - 1
    return png_of_rows([list(images[i : i + IN_A_ROW]) for i in range(0, max(1, len(images) - 1), step)])


def npz(codes: np.ndarray, images: np.ndarray) -> bytes:
    """Codes and images as an .npz file."""
    out = io.BytesIO()
    np.savez_compressed(out, codes=codes.astype(np.float32), images=images)
    return out.getvalue()


def table(codes: np.ndarray) -> bytes:
    """Codes as a .csv file, a row each."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f"z{i + 1}" for i in range(codes.shape[1])])
    writer.writerows([f"{value:.9g}" for value in code] for code in codes.astype(np.float32))
    return out.getvalue().encode()

"""Images as files: PNG, PNG of a grid of images, animated GIF."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from explorer.pixels import as_uint8

MIN_GIF_SIDE = 224
"""Smallest length of the shorter side of a GIF, in pixels."""
FRAME_MS = 60
STRIP_COLUMNS = 17
"""Images in a row of a path's strip: one more than the steps from pin to pin, so that each row ends on a pin."""


def png(image: np.ndarray) -> bytes:
    """An image (C, H, W) with 1 or 3 channels, uint8 or float in [0, 1], as a PNG file."""
    file = io.BytesIO()
    _picture(as_uint8(image)).save(file, "PNG")
    return file.getvalue()


def _picture(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1))


def data_uri(image: np.ndarray) -> str:
    """An image (C, H, W) as a data URI that holds its PNG file."""
    return f"data:image/png;base64,{base64.b64encode(png(image)).decode()}"


def mosaic(images: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W), N a square number, row by row as one image (C, side * H, side * W)."""
    side = round(len(images) ** 0.5)
    _, c, h, w = images.shape
    return images.reshape(side, side, c, h, w).transpose(2, 0, 3, 1, 4).reshape(c, side * h, side * w)


def png_grid(rows: Sequence[Sequence[np.ndarray]], gap: int = 2) -> bytes:
    """Rows of images (C, H, W) of one size as one PNG file, with grey gaps of `gap` pixels."""
    channels = max(image.shape[0] for row in rows for image in row)
    _, height, width = rows[0][0].shape
    columns = max(len(row) for row in rows)
    grid = np.full((channels, len(rows) * (height + gap) - gap, columns * (width + gap) - gap), 128, np.uint8)
    for r, row in enumerate(rows):
        for c, image in enumerate(row):
            top, left = r * (height + gap), c * (width + gap)
            grid[:, top : top + height, left : left + width] = as_uint8(image)
    return png(grid)


def path_strip(images: np.ndarray) -> bytes:
    """The images along a path, uint8 (K, C, H, W), as a PNG file with one row from each pin to the next."""
    step = STRIP_COLUMNS - 1
    return png_grid([list(images[i : i + STRIP_COLUMNS]) for i in range(0, max(1, len(images) - 1), step)])


def gif(images: np.ndarray) -> bytes:
    """Images, uint8 (K, C, H, W), as an animated GIF that loops."""
    factor = -(-MIN_GIF_SIDE // min(images.shape[2:]))
    filter_ = Image.Resampling.BICUBIC if images.shape[1] == 3 else Image.Resampling.NEAREST
    pictures = []
    for picture in map(_picture, images):
        pictures.append(picture.resize((picture.width * factor, picture.height * factor), filter_))
    file = io.BytesIO()
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=FRAME_MS, loop=0, optimize=False)
    return file.getvalue()

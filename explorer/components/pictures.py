"""Images as a browser is given them: PNG inside the page, amounts as colours."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from explorer.components.tokens import tokens


def as_pixels(image: np.ndarray) -> np.ndarray:
    """Images of any shape as uint8: those already are, or float in [0, 1]."""
    return image if image.dtype == np.uint8 else np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)


def png(image: np.ndarray) -> bytes:
    """An image (C, H, W), uint8 or float in [0, 1], with 1 or 3 channels, as a PNG file."""
    pixels = as_pixels(image)
    pixels = pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, -1)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def data_uri(image: np.ndarray) -> str:
    """The same as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png(image)).decode()}"


def amounts(share: np.ndarray) -> np.ndarray:
    """Shares (H, W) of 0 to 1 in viridis: float (3, H, W); beyond the ends, the ends' colours."""
    anchors = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in tokens()["amounts"]]) / 255
    places = np.linspace(0, 1, len(anchors))
    return np.stack([np.interp(share, places, channel) for channel in anchors.T])


def sheet(images: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W), N a square, row by row as one picture (C, side * H, side * W)."""
    side = round(len(images) ** 0.5)
    _, c, h, w = images.shape
    return images.reshape(side, side, c, h, w).transpose(2, 0, 3, 1, 4).reshape(c, side * h, side * w)


def png_of_rows(rows: Sequence[Sequence[np.ndarray]], gap: int = 2) -> bytes:
    """Rows of images (C, H, W) of one size as one PNG file."""
    channels = max(image.shape[0] for row in rows for image in row)
    _, height, width = rows[0][0].shape
    columns = max(len(row) for row in rows)
    sheet = np.full((channels, len(rows) * (height + gap) - gap, columns * (width + gap) - gap), 128, np.uint8)
    for r, row in enumerate(rows):
        for c, image in enumerate(row):
            top, left = r * (height + gap), c * (width + gap)
            sheet[:, top : top + height, left : left + width] = as_pixels(image)
    return png(sheet)

"""Images as files."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from explorer.presenters.image_files import data_uri, gif, mosaic, path_strip, png, png_grid


@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_holds_the_pixels(channels):
    image = np.random.default_rng(0).integers(0, 256, (channels, 5, 7), dtype=np.uint8)
    found = np.array(Image.open(io.BytesIO(png(image))))
    np.testing.assert_array_equal(found if channels == 1 else np.moveaxis(found, -1, 0), image[0] if channels == 1 else image)


def test_shares_are_rounded_and_kept_in_range():
    found = np.array(Image.open(io.BytesIO(png(np.array([[[-1, 0, 0.5, 1, 2]]], np.float32)))))
    np.testing.assert_array_equal(found, [[0, 0, 128, 255, 255]])


def test_a_data_uri_is_the_same_png():
    image = np.zeros((1, 2, 2), np.uint8)
    head, body = data_uri(image).split(",")
    assert head == "data:image/png;base64" and base64.b64decode(body) == png(image)


def test_a_mosaic_is_a_square_from_the_top_left() -> None:
    images = np.arange(4)[:, None, None, None] * np.ones((1, 1, 2, 3))
    np.testing.assert_array_equal(mosaic(images)[0, ::2, ::3], [[0, 1], [2, 3]])


def test_a_gif_has_every_frame() -> None:
    images = np.random.default_rng(0).integers(0, 256, (33, 1, 8, 8), dtype=np.uint8)
    images[:, 0, 0, 0] = np.arange(len(images))  # No two are the same, which a GIF would make one of.
    found = Image.open(io.BytesIO(gif(images)))
    assert found.n_frames == 33 and found.size == (224, 224) and found.info["loop"] == 0
    found.seek(7)
    times = 224 // 8
    shown = np.array(found.convert("L"))[::times, ::times]
    np.testing.assert_allclose(shown, images[7, 0], atol=2)


def test_a_strip_has_a_row_from_pin_to_pin() -> None:
    images = np.random.default_rng(0).integers(0, 256, (33, 1, 8, 8), dtype=np.uint8)
    sheet = np.array(Image.open(io.BytesIO(path_strip(images))))
    assert sheet.shape == (2 * 10 - 2, 17 * 10 - 2)
    np.testing.assert_array_equal(sheet[:8, 160:168], images[16, 0])
    np.testing.assert_array_equal(sheet[10:18, :8], images[16, 0])


def test_a_grid_has_its_images_in_rows() -> None:
    x = np.random.default_rng(1).integers(0, 256, (2, 1, 8, 8), dtype=np.uint8)
    again = x[::-1] / 255
    grid = np.array(Image.open(io.BytesIO(png_grid([list(x), list(again)]))))
    assert grid.shape == (18, 18)
    np.testing.assert_array_equal(grid[:8, 10:], x[1, 0])
    np.testing.assert_allclose(grid[10:, :8], 255 * again[0, 0], atol=0.51)

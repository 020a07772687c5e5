"""Images and amounts on their way into the page."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from explorer.components.pictures import amounts, data_uri, png, sheet
from explorer.components.tokens import tokens


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


def test_amounts_pass_through_the_colours_of_the_tokens():
    anchors = tokens()["amounts"]
    found = np.round(255 * amounts(np.array([[-1.0, 0.0, 0.5, 1.0, 7.0]])))[:, 0].T.astype(int)
    shown = ["#{:02x}{:02x}{:02x}".format(*colour) for colour in found]
    assert shown == [anchors[0], anchors[0], anchors[4], anchors[8], anchors[8]]


def test_amounts_get_lighter():
    light = amounts(np.linspace(0, 1, 50)[None]).transpose(1, 2, 0)[0] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) > 0).all()


def test_a_sheet_is_a_square_from_the_top_left() -> None:
    images = np.arange(4)[:, None, None, None] * np.ones((1, 1, 2, 3))
    np.testing.assert_array_equal(sheet(images)[0, ::2, ::3], [[0, 1], [2, 3]])

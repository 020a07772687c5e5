"""Small versions of pictures."""

from __future__ import annotations

from PIL import Image

MAX_SIDE = 160
"""Length of a thumbnail's longer side, in pixels."""


def thumbnail(picture: Image.Image) -> Image.Image:
    """A copy of the picture that is at most MAX_SIDE pixels wide and high."""
    small = picture.copy()
    small.thumbnail((MAX_SIDE, MAX_SIDE))
    return small

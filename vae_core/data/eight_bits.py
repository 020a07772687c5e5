"""Decoded pictures of any mode to 8 bits a sample: mode L, RGB, or RGBA where something can be seen through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
from PIL import Image

from .untrusted import RefusedError

_BAND = 2**20
"""Pixels that are converted at a time."""
_DEPTHS = ((8, 0), (10, 0), (12, 0), (14, 15 << 10))
"""Bits that a 16-bit sample may really have, and the least that the brightest pixel then has."""
_DARKEST = 16
"""Smallest value, of 255, of the brightest 16-bit colour."""


def reduced(picture: Image.Image, box: tuple[int, int, int, int], factor: int, bits: int = 8) -> Image.Image:
    """The part of a loaded picture in a box (left, top, right, bottom), each pixel the mean of `factor` by `factor`.

    bits: of a sample in its file. It is converted band by band, so that no second picture of its size is made. Raises
    RefusedError where 16-bit colours are too dark to be told apart in 8 bits.
    """
    convert = _conversion(picture, bits)
    left, top, right, bottom = box
    out = None
    for low, high in _bands(right - left, bottom - top, factor):
        band = convert(picture.crop((left, top + low, right, top + high)))
        band = band.reduce(factor) if factor > 1 else band
        out = out or Image.new(band.mode, (band.width, -(-(bottom - top) // factor)))
        out.paste(band, (0, low // factor))
    assert out is not None
    return out


def _bands(width: int, height: int, factor: int = 1) -> Iterator[tuple[int, int]]:
    """First and last row of bands whose heights are multiples of a factor."""
    rows = max(1, _BAND // (width * factor)) * factor
    for low in range(0, height, rows):
        yield low, min(low + rows, height)


def _conversion(picture: Image.Image, bits: int) -> Callable[[Image.Image], Image.Image]:
    """A function that converts any part of this picture."""
    key = picture.info.get("transparency")
    if picture.mode.startswith("I"):
        depth = significant_bits(picture)
        return lambda part: _grey(part, depth, key)
    if bits == 16:
        if max(high for _, high in _extrema(picture)[:3]) < _DARKEST:
            raise RefusedError("its 16-bit colours use less than a sixteenth of their range; save it with 8 bits a colour")
        if isinstance(key, tuple):  # Pillow keeps the upper 8 bits of a colour, but all 16 of the transparent one
            return lambda part: _keyed(part, tuple(value >> 8 for value in key))
    if bits in (2, 4) and picture.mode == "L" and isinstance(key, int):  # whose samples Pillow has scaled, but not this one
        return lambda part: _keyed(part, key * (255 // (2**bits - 1)))
    if key is not None or picture.mode in ("RGBA", "LA", "PA"):
        return lambda part: part.convert("RGBA")
    if picture.mode in ("La", "RGBa"):
        return lambda part: part.convert("LA" if part.mode == "La" else "RGBA").convert("RGBA")
    mode = "L" if picture.mode in ("1", "L", "F") else "RGB"
    return lambda part: part.convert(mode)


def _extrema(picture: Image.Image) -> tuple[tuple[int, int], ...]:
    found = picture.getextrema()
    # A picture with one band has one pair, which is not in a tuple.
    return cast("tuple[tuple[int, int], ...]", found if isinstance(found[0], tuple) else (found,))


def _keyed(part: Image.Image, key: int | tuple[int, ...]) -> Image.Image:
    part.info["transparency"] = key
    return part.convert("RGBA")


def _grey(part: Image.Image, depth: int, key: int | None) -> Image.Image:
    x = np.asarray(part).clip(0, 65535)
    grey = Image.fromarray((x >> (depth - 8)).astype(np.uint8))
    if key is None:
        return grey
    alpha = Image.fromarray(np.where(x == key, 0, 255).astype(np.uint8))
    return Image.merge("RGBA", (grey, grey, grey, alpha))


def significant_bits(picture: Image.Image) -> int:
    """Bits that the samples of a 16-bit grey picture really have: 8, 10, 12, 14 or 16.

    Cameras and microscopes write 10, 12 or 14 bits into 16, and programs write 8. Such a picture has no larger value than
    its bits can hold. Full 16-bit pictures that are that dark have 16 levels of 256 or fewer, but for 14 bits, which are
    believed only where the brightest pixel is within a sixteenth of their range. One bright pixel is enough for a dark
    picture to stay dark. 8-bit samples that were widened to 16, by zeros or by themselves, are known by their lower bytes.
    """
    top, low, unlike = 0, 0, 0
    for first, last in _bands(picture.width, picture.height):
        x = np.asarray(picture.crop((0, first, picture.width, last))).clip(0, 65535)
        top = max(top, int(x.max()))
        low |= int(np.bitwise_or.reduce(x & 255, axis=None))
        unlike |= int(np.bitwise_or.reduce((x & 255) ^ (x >> 8), axis=None))
    if not low or not unlike:
        return 16
    return next((bits for bits, least in _DEPTHS if least <= top < 2**bits), 16)

"""One picture of unknown origin -> a small square of pixels."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, ImageStat, UnidentifiedImageError

from .untrusted import RefusedError, shown

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
STARTS = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF....WEBP|BM|GIF8[79]a", re.DOTALL)

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation."""


@dataclass(frozen=True)
class Picture:
    """image: upright, mode L or RGB. longest: the longer side of what it is of. decoded: how many pixels that took."""

    image: Image.Image
    longest: int
    decoded: int


def central_square(content: bytes, pixels: int, side: int) -> Picture:
    """The centre of a picture's first frame, upright.

    pixels: the most a picture may have, checked before it is decoded. side: what the square will be resized to; a
    large JPEG is decoded no finer than twice that. Raises RefusedError.
    """
    with _opened(content, pixels, side) as (picture, turn, longest):
        edge = min(picture.size)
        left, top = (picture.width - edge) // 2, (picture.height - edge) // 2
        square = _opaque(picture.crop((left, top, left + edge, top + edge)), "transparency" in picture.info)
        return Picture(_turned(square, turn), longest, picture.width * picture.height)


def whole_picture(content: bytes, pixels: int, side: int) -> Picture:
    """All of a picture's first frame, upright, mode L or RGB, as for `central_square`; a larger one is shrunk until its shorter
    side is at most 2 and its longer at most 8 times `side`. Raises RefusedError."""
    with _opened(content, pixels, side) as (picture, turn, longest):
        upright = _turned(_opaque(picture.copy(), "transparency" in picture.info), turn)
        shrink = min(2 * side / min(upright.size), 8 * side / max(upright.size))
        if shrink < 1:
            size = tuple(max(1, round(shrink * edge)) for edge in upright.size)
            upright = upright.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        return Picture(upright, longest, picture.width * picture.height)


@contextmanager
def _opened(content: bytes, pixels: int, side: int) -> Iterator[tuple[Image.Image, Image.Transpose | None, int]]:
    """The picture, what turns it upright, and its longer side; whatever fails inside the block is a RefusedError."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > pixels:
                raise RefusedError(f"it is {width}x{height} pixels, more than {pixels:,} in all")
            if picture.format in ("JPEG", "MPO"):
                picture.draft(None, (2 * side, 2 * side))
            turn = None
            with suppress(Exception):  # an unreadable orientation is no reason to refuse a readable picture
                turn = _TURNS.get(picture.getexif().get(ExifTags.Base.Orientation))
            yield picture, turn, max(width, height)
    except RefusedError:
        raise
    except Image.DecompressionBombError:
        raise RefusedError(f"it has more than {pixels:,} pixels") from None
    except UnidentifiedImageError:
        raise RefusedError("it cannot be decoded: its content is not that of an image") from None
    # Pillow's decoders meet hostile bytes with many kinds of error (struct.error, SyntaxError, IndexError ...).
    except Exception as error:
        raise RefusedError(f"it cannot be decoded: {shown(str(error)) or type(error).__name__}") from None


def _turned(picture: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return picture if turn is None else picture.transpose(turn)


def resized(square: Image.Image, side: int) -> np.ndarray:
    """uint8 (side, side) where the picture is grey in every pixel, else (side, side, 3)."""
    if square.width != side:
        square = square.resize((side, side), Image.Resampling.LANCZOS)
    x = np.asarray(square)
    if x.ndim == 3 and (x == x[..., :1]).all():
        return x[..., 0].copy()
    return x


def _opaque(picture: Image.Image, keyed: bool) -> Image.Image:
    """Mode L or RGB. What can be seen through is laid over white where the picture is dark, over black where light."""
    if keyed or picture.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        clear = picture.convert("RGBA")
        seen = clear.getchannel("A").point(lambda value: 255 * (value > 127))
        light = ImageStat.Stat(clear.convert("L"), seen).mean[0] if seen.getbbox() else 255.0
        ground = (255, 255, 255, 255) if light < 128 else (0, 0, 0, 255)
        return Image.alpha_composite(Image.new("RGBA", clear.size, ground), clear).convert("RGB")
    if picture.mode.startswith("I"):  # 16-bit grey, which Pillow's own conversion would clip to white
        return Image.fromarray((np.asarray(picture).clip(0, 65535) >> 8).astype(np.uint8))
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB")

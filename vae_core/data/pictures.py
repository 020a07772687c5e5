"""One picture of unknown origin -> a small square of pixels."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import BmpImagePlugin, GifImagePlugin, Image, ImageStat, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from .containers import STARTS, Structure, structure, trimmed, undecodable
from .eight_bits import reduced
from .orientation import orientation
from .untrusted import RefusedError

__all__ = ["STARTS", "Picture", "central_square", "ignore_warnings", "resized", "whole_picture"]

_READERS = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.jpeg_factory,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
}
"""Functions that `Image.open` calls for each format. `Image.open` itself also refuses sizes that only occur without `draft`."""
_SCALES = (8, 4, 2, 1)
"""By which a JPEG can be decoded smaller."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition that undoes each EXIF orientation."""


@dataclass(frozen=True)
class Picture:
    """image: upright, mode L or RGB. longest: the longer side of what it is of. decoded: how many pixels that took."""

    image: Image.Image
    longest: int
    decoded: int


def ignore_warnings() -> None:
    """Keeps Pillow's warnings about metadata off stderr, in the whole process.

    It is meant for programs: a file that cannot be decoded is refused with a reason, whatever Pillow warns of.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")


def central_square(content: bytes, pixels: int, side: int) -> Picture:
    """The centre of a picture's first frame, upright.

    pixels: the most that a picture may have as it is decoded, of 4 bytes each; checked before it is decoded. side: what the
    square will be resized to. A large JPEG is decoded no finer than twice that, others are reduced to no less. Raises
    RefusedError.
    """
    found = structure(content)
    shrink = min(found.width, found.height) / (2 * side)
    with _loaded(content, found, pixels, shrink) as picture:
        edge = min(picture.size)
        left, top = (picture.width - edge) // 2, (picture.height - edge) // 2
        square = reduced(picture, (left, top, left + edge, top + edge), max(1, edge // (2 * side)), found.bits)
        return _finished(square, picture, found)


def whole_picture(content: bytes, pixels: int, side: int) -> Picture:
    """All of a picture's first frame, upright, mode L or RGB, as for `central_square`.

    A larger picture is shrunk until its shorter side is at most 2 and its longer at most 8 times `side`. Raises RefusedError.
    """
    found = structure(content)
    shrink = _shrink((found.width, found.height), side)
    with _loaded(content, found, pixels, shrink) as picture:
        shrink = _shrink(picture.size, side)
        factor = max(1, int(shrink / 2))
        small = reduced(picture, (0, 0, *picture.size), factor, found.bits)
        if shrink > 1:
            size = (max(1, round(picture.width / shrink)), max(1, round(picture.height / shrink)))
            box = (0, 0, picture.width / factor, picture.height / factor)
            small = small.resize(size, Image.Resampling.LANCZOS, box)
        return _finished(small, picture, found)


def _shrink(size: tuple[int, int], side: int) -> float:
    """By how much a whole picture is shrunk; 1 or less: not at all."""
    return max(min(size) / (2 * side), max(size) / (8 * side))


@contextmanager
def _loaded(content: bytes, found: Structure, pixels: int, shrink: float) -> Iterator[Image.Image]:
    """The picture, decoded. Whatever fails inside the block is a RefusedError.

    shrink: the factor by which a JPEG may be decoded smaller.
    """
    scale = next(scale for scale in _SCALES if scale <= max(1, shrink)) if found.kind == "JPEG" else 1
    _check_size(found, scale, pixels)
    try:
        with _READERS[found.kind](io.BytesIO(trimmed(content, found))) as picture:
            found.width, found.height = picture.size
            _check_size(found, scale, pixels)
            if scale > 1:
                picture.draft(None, (max(1, picture.width // scale), max(1, picture.height // scale)))
            picture.load()
            yield picture
    except RefusedError:
        raise
    except MemoryError:
        raise undecodable("there is not enough memory for it") from None
    # Pillow's decoders meet hostile bytes with many kinds of error (struct.error, SyntaxError, IndexError ...), whose texts are
    # about buffers and tiles.
    except Exception as error:
        raise undecodable("it is damaged, ends too early or is of a rare kind that is not read") from error


def _check_size(found: Structure, scale: int, pixels: int) -> None:
    need = found.decoded_bytes(scale)
    if need > 4 * pixels:
        raise RefusedError(
            f"it is {found.width}x{found.height} pixels, which take {need:,} bytes to decode, more than {4 * pixels:,}"
        )


def _finished(small: Image.Image, picture: Image.Image, found: Structure) -> Picture:
    turn = _TURNS.get(orientation(picture.info) or 1)
    flat = _opaque(small)
    upright = flat if turn is None else flat.transpose(turn)
    return Picture(upright, max(found.width, found.height), picture.width * picture.height)


def resized(square: Image.Image, side: int) -> np.ndarray:
    """uint8 (side, side) where the picture is grey in every pixel, else (side, side, 3)."""
    if square.width != side:
        square = square.resize((side, side), Image.Resampling.LANCZOS)
    x = np.asarray(square)
    if x.ndim == 3 and (x == x[..., :1]).all():
        return x[..., 0].copy()
    return x


def _opaque(picture: Image.Image) -> Image.Image:
    """Mode L or RGB. What can be seen through is laid over white where the picture is dark, over black where light."""
    if picture.mode != "RGBA":
        return picture
    alpha = picture.getchannel("A")
    seen = alpha.point([255 * (value > 127) for value in range(256)])
    if not seen.getbbox():
        seen = alpha
    if not seen.getbbox():
        raise RefusedError("all that would be used of it is transparent; give it without transparency")
    light = ImageStat.Stat(picture.convert("L"), seen).mean[0]
    ground = (255, 255, 255, 255) if light < 128 else (0, 0, 0, 255)
    return Image.alpha_composite(Image.new("RGBA", picture.size, ground), picture).convert("RGB")

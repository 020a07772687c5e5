"""From any picture to what a model takes: framed, turned to the model's channels, light on dark where it is used to that."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image, ImageFilter

from .pictures import Picture, resized, whole_picture
from .untrusted import Limits, RefusedError

Frame = Literal["crop", "fit", "centre"]
FRAMES = get_args(Frame)
LIMITS = Limits(file_bytes=2**25)
"""Limits of one picture that is handed in: 32 MiB as a file, 256 MiB decoded."""

_INK = 0.15
"""Share of the range from which a pixel is ink, on a dark ground."""
_DARK, _BORDER_SHARE = 0.1, 0.9
_GROUND_SIDE = 64
"""Pixels of the longer side at which the ground of a drawing is looked for; strokes are narrower than a quarter of it."""
_FAINTEST = 12.0
"""Grey values, of 255, by which a drawing has to stand out from its ground."""
_CENTRED = 0.06
"""Standard deviation of the centre of mass, in shares of the image's side, below which images are centred by it."""


@dataclass(frozen=True)
class Preparation:
    """Steps that bring a picture to the shape that a model takes."""

    frame: Frame = "crop"
    """`crop`: the central part. `fit`: the whole picture, on a ground of its border's colour. `centre`: what is drawn, its box
    scaled and its centre of mass put in one place, as MNIST's digits were (LeCun et al. 1998)."""
    invert: bool = False
    """Light becomes dark."""
    grey: bool = False
    """Colours become grey, for a model of colour images."""
    box: float = 20 / 28
    """`centre`: the longer side of what is drawn, in shares of the image's."""
    middle: tuple[float, float] = (0.5, 0.5)
    """`centre`: where its centre of mass goes, down and across, in shares of the image's sides."""

    @classmethod
    def from_json(cls, given: Any) -> Preparation:
        """The inverse of `dataclasses.asdict` for values that went through JSON. Raises ValueError on anything else."""
        if not isinstance(given, dict) or set(given) != {f.name for f in fields(cls)}:
            raise ValueError("its fields are not those of a preparation")
        shares = [given["box"], *given["middle"]] if isinstance(given["middle"], list | tuple) else []
        if len(shares) != 3 or not all(type(share) in (int, float) and 0 < share <= 1 for share in shares):
            raise ValueError("box and middle are not shares of a side")
        if given["frame"] not in FRAMES or not isinstance(given["invert"], bool) or not isinstance(given["grey"], bool):
            raise ValueError("its frame, invert or grey is not known")
        values: dict[str, Any] = given | {"middle": tuple(given["middle"])}
        return cls(**values)


def decoded(content: bytes) -> Image.Image:
    """A picture from bytes of unknown origin: upright, mode L or RGB. Raises RefusedError."""
    return opened(content).image


def opened(content: bytes) -> Picture:
    """Decodes a picture like `decoded`, and also returns what is known of how it was decoded."""
    if not content:
        raise RefusedError("it is empty")
    if len(content) > LIMITS.file_bytes:
        raise RefusedError(f"it is larger than {LIMITS.file_bytes:,} bytes")
    return whole_picture(content, LIMITS.pixels, 256)


def prepared(picture: Image.Image, image: tuple[int, int, int], how: Preparation) -> np.ndarray:
    """The picture as uint8 (C, H, W); a square frame where the model's image is square, else one of its shape.

    Raises RefusedError where `centre` finds nothing drawn.
    """
    channels, height, width = image
    turned = picture.convert("L" if channels == 1 or how.grey else "RGB")
    if how.invert:
        turned = Image.fromarray(255 - np.asarray(turned))
    if how.frame == "centre":
        x = _centred(np.asarray(turned.convert("L")), height, width, how)
        return np.repeat(x[None], channels, 0)
    framed = _cropped(turned, width / height) if how.frame == "crop" else _fitted(turned, width / height)
    x = resized(framed, width) if width == height else np.asarray(framed.resize((width, height), Image.Resampling.LANCZOS))
    x = x[None] if x.ndim == 2 else np.moveaxis(x, -1, 0)
    return np.ascontiguousarray(np.repeat(x, channels, 0) if len(x) < channels else x)


def usual(images: np.ndarray) -> Preparation:
    """The usual preparation of pictures for a model of these images (N, C, H, W), float in [0, 1] or uint8.

    It is `centre` where the images are marks on a dark ground, all with their centre of mass in one place, and `crop`
    otherwise.
    """
    x = images.astype(np.float32) / (255 if images.dtype == np.uint8 else 1)
    if x.shape[1] != 1 or not _on_dark(x[:, 0]).mean() >= _BORDER_SHARE:
        return Preparation("crop")
    x = x[:, 0]
    mass = x.sum((1, 2)) + 1e-6
    across = (x.sum(1) * (np.arange(x.shape[2]) + 0.5)).sum(1) / mass / x.shape[2]
    down = (x.sum(2) * (np.arange(x.shape[1]) + 0.5)).sum(1) / mass / x.shape[1]
    if max(across.std(), down.std()) > _CENTRED:
        return Preparation("crop")
    drawn = x > _INK
    boxes = [max(np.ptp(np.flatnonzero(d.any(0))) + 1, np.ptp(np.flatnonzero(d.any(1))) + 1) for d in drawn if d.any()]
    if not boxes:
        return Preparation("crop")
    box = float(np.median(boxes)) / max(x.shape[1:])
    return Preparation("centre", box=box, middle=(float(np.median(down)), float(np.median(across))))


def suggested(picture: Image.Image, how: Preparation) -> Preparation:
    """`how`, inverted where it wants marks on a dark ground and the picture's ground is light."""
    if how.frame != "centre":
        return how
    border = _border(np.asarray(picture.convert("L"))[None] / 255)
    return replace(how, invert=bool(np.median(border) > 0.5))


def _on_dark(x: np.ndarray) -> np.ndarray:
    """True if the outermost pixels of each image (N, H, W) are dark: (N,)."""
    return _border(x).mean(1) < _DARK


def _border(x: np.ndarray) -> np.ndarray:
    return np.concatenate([x[:, 0], x[:, -1], x[:, :, 0], x[:, :, -1]], 1)


def _cropped(picture: Image.Image, aspect: float) -> Image.Image:
    width = min(picture.width, round(picture.height * aspect))
    height = min(picture.height, round(picture.width / aspect))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + max(1, width), top + max(1, height)))


def _fitted(picture: Image.Image, aspect: float) -> Image.Image:
    width = max(picture.width, round(picture.height * aspect))
    height = max(picture.height, round(picture.width / aspect))
    x = np.asarray(picture)
    edge = np.concatenate([x[0], x[-1], x[:, 0], x[:, -1]])
    ground = np.median(edge, 0).round().astype(int)
    out = Image.new(picture.mode, (width, height), int(ground) if picture.mode == "L" else tuple(int(c) for c in ground))
    out.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    return out


def _without_ground(x: np.ndarray) -> np.ndarray:
    """The drawing on a lit or shaded ground, moved to black and stretched to white: uint8 (h, w), light on dark.

    The image is returned as it is where nothing stands out. The ground is a grey-scale opening of the image (Serra 1982) with a
    window that no stroke fills.
    """
    picture = Image.fromarray(x)
    small = picture.copy()
    small.thumbnail((_GROUND_SIDE, _GROUND_SIDE), Image.Resampling.BOX)
    window = 2 * (_GROUND_SIDE // 8) + 1
    # The edges are repeated, so that the window finds no dark border beyond them.
    padded = Image.fromarray(np.pad(np.asarray(small), window, mode="edge"))
    lowest = padded.filter(ImageFilter.MinFilter(window)).filter(ImageFilter.MaxFilter(window))
    inside = (window, window, window + small.width, window + small.height)
    peak = np.quantile(np.asarray(small, np.float32) - np.asarray(lowest.crop(inside), np.float32), 0.995)
    if peak < _FAINTEST:
        return x
    ground = lowest.filter(ImageFilter.GaussianBlur(window / 4)).crop(inside).resize(picture.size)
    marks = np.asarray(x, np.float32) - np.asarray(ground, np.float32)
    # What is left of paper and shadow, below the ink, is black.
    return (255 * ((marks / peak - _INK) / (1 - _INK)).clip(0, 1)).astype(np.uint8)


def _centred(x: np.ndarray, height: int, width: int, how: Preparation) -> np.ndarray:
    """uint8 (h, w), light on dark -> uint8 (height, width)."""
    if np.quantile(_border(x[None]), 0.95) > _DARK * 255:
        x = _without_ground(x)
    drawn = x > x.min() + _INK * 255
    if not drawn.any():
        raise RefusedError("nothing is drawn on it")
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    ink = x[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = how.box * max(height, width) / max(ink.shape)
    size = [max(1, round(scale * side)) for side in ink.shape[::-1]]
    ink = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC))
    mass = ink.sum(dtype=np.float64)
    down = (ink.sum(1) * (np.arange(ink.shape[0]) + 0.5)).sum() / mass
    across = (ink.sum(0) * (np.arange(ink.shape[1]) + 0.5)).sum() / mass
    out = np.zeros((height, width), np.uint8)
    # As near to its place as leaves all of it on the image, where it can be.
    top = int(np.clip(round(how.middle[0] * height - down), min(0, height - ink.shape[0]), max(0, height - ink.shape[0])))
    left = int(np.clip(round(how.middle[1] * width - across), min(0, width - ink.shape[1]), max(0, width - ink.shape[1])))
    rows_kept, columns_kept = slice(max(top, 0), top + ink.shape[0]), slice(max(left, 0), left + ink.shape[1])
    part = ink[max(-top, 0) :, max(-left, 0) :]
    target = out[rows_kept, columns_kept]
    target[...] = part[: target.shape[0], : target.shape[1]]
    return out

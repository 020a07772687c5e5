"""JPEG packs: one .npz with every file end to end. Decoded once, then kept as a .npy in the user's cache."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, JpegImagePlugin

from vae_core.files import replacing

from .dataset import DataError, Progress
from .roots import cache_folder

_MEMBER_LIMIT = 2**31


def read_pack(path: Path, keys: tuple[str, ...]) -> dict[str, np.ndarray]:
    """`jpeg`, `offsets` and the named arrays of a pack, with the offsets checked. Raises DataError."""
    try:
        with zipfile.ZipFile(path) as parts:
            if any(part.file_size > _MEMBER_LIMIT for part in parts.infolist()):
                raise DataError(f"{path} claims an array of more than {_MEMBER_LIMIT >> 30} GiB.")
        with np.load(path, allow_pickle=False) as pack:
            arrays = {key: pack[key] for key in ("jpeg", "offsets", *keys)}
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is not a readable pack of images: {error}.") from None
    jpeg, offsets = arrays["jpeg"], arrays["offsets"]
    if (
        jpeg.dtype != np.uint8 or jpeg.ndim != 1 or offsets.dtype != np.int64 or offsets.ndim != 1 or len(offsets) < 2
        or offsets[0] != 0 or offsets[-1] != len(jpeg) or (np.diff(offsets) <= 0).any()
    ):  # fmt: skip
        raise DataError(f"{path} is not a readable pack of images: its offsets do not fit its bytes.")
    return arrays


def shaped(jpeg: bytes | memoryview, shape: Callable[[Image.Image], Image.Image]) -> np.ndarray:
    """A JPEG as uint8 (3, H, W).

    `shape` is called before the picture is decoded: it refuses a wrong size and gives the picture its final one. Raises
    OSError, ValueError or SyntaxError where the picture cannot be decoded.
    """
    # Image.open, which would call this, warns of large sizes on stderr.
    with JpegImagePlugin.JpegImageFile(io.BytesIO(jpeg)) as picture:
        return np.asarray(shape(picture).convert("RGB")).transpose(2, 0, 1)


def decoded(
    path: Path,
    pack: dict[str, np.ndarray],
    side: int,
    shape: Callable[[Image.Image], Image.Image],
    what: str,
    progress: Progress | None = None,
) -> np.ndarray:
    """Every image of a pack, uint8 (N, 3, side, side), from the cache where it is there.

    shape: gives the picture its final size; part of what is cached, so a change of it needs a new `what`.
    """
    count = len(pack["offsets"]) - 1
    content = hashlib.sha256(pack["jpeg"].data).hexdigest()[:16]
    cached = cache_folder() / "decoded" / f"{what}-{side}-{content}.npy"
    with suppress(OSError, ValueError, EOFError):
        kept = np.load(cached, allow_pickle=False)
        if kept.dtype == np.uint8 and kept.shape == (count, 3, side, side):
            return kept
    out = np.empty((count, 3, side, side), np.uint8)
    data, offsets = pack["jpeg"].data, pack["offsets"].tolist()
    for i in range(count):
        try:
            out[i] = shaped(data[offsets[i] : offsets[i + 1]], shape)
        except (OSError, ValueError, SyntaxError) as error:
            raise DataError(f"Image {i} of {path} cannot be decoded: {error}.") from None
        if progress and (i % 500 == 499 or i + 1 == count):
            progress(f"decoding {path.name}", i + 1, count)
    # A read-only or full cache costs the next start some seconds, and is no reason to fail this one.
    with suppress(OSError), replacing(cached) as draft, draft.open("wb") as stream:
        np.save(stream, out, allow_pickle=False)
    return out

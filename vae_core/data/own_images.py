"""A person's own images, from a folder or a .zip. The files are taken to be hostile: see untrusted.py."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from .dataset import DataError, Dataset, Progress, shuffled, whole
from .pictures import STARTS, central_square, resized
from .untrusted import FullError, Limits, Meter, Refusals, RefusedError, entries, shown

SIZES = range(8, 129)
TINY, USUAL = 28, 64
_TINY_SIDE = 32
FEWEST = 10
_LOOSE = "(no folder)"
_EVERY = 50


Prepare = Callable[[bytes], tuple[np.ndarray, int]]
"""A file's bytes to uint8 (C, H, W), the same shape for all, and how many pixels were decoded for it. Raises RefusedError."""


def own_images(
    path: Path,
    *,
    size: int | None = None,
    title: str = "",
    prepare: Prepare | None = None,
    progress: Progress | None = None,
    limits: Limits | None = None,
) -> Dataset:
    """The images of a folder or a .zip, each cut to its central square and brought to `size` pixels a side.

    title: what they are called; the name of the folder or .zip if not given. size: 8 to 128; unless given, 28 where no
    image is larger than 32, else 64. prepare: does all of this in another way, for a model that wants another shape.
    Folders are classes where there are two or more. Grey only where every image is. Split 80/10/10; a picture that is
    there twice is used once, so that none is both trained on and held out. `Dataset.refused` tells of each file that was
    not used. Raises DataError.
    """
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size not in SIZES):
        raise DataError(f"The size of one's own images is {size!r}, and must be a whole number from 8 to 128.")
    limits = limits or Limits()
    refused: Refusals = []
    gallery = _Gallery(size, limits) if prepare is None else _PreparedGallery(prepare, limits)
    with entries(path, Meter(limits, STARTS), limits, refused) as found:
        for i, entry in enumerate(found):
            try:
                gallery.add(entry.name, entry.read())
            except RefusedError as reason:
                refused.append((shown(entry.name), str(reason)))
                if isinstance(reason, FullError):
                    rest = "it comes after the file at which a limit was reached"
                    refused.extend((shown(later.name), rest) for later in found[i + 1 :])
                    break
            if progress and (i % _EVERY == _EVERY - 1 or i + 1 == len(found)):
                progress("reading images", i + 1, len(found))
    names, x = _distinct(gallery, refused)
    title = title or shown(path.resolve().name if path.is_dir() else path.resolve().stem)
    if len(names) < FEWEST:
        first = f"; {refused[0][0]} was refused: {refused[0][1]}" if refused else ""
        raise DataError(f"{title} has {len(names)} usable images, and {FEWEST} are needed{first}.")
    classes, labels = _classes(names)
    images, order, held = whole(x, labels), shuffled(len(names)), max(2, len(names) // 10)
    lost = f"; {len(refused):,} files were not used" if refused else ""
    return Dataset(
        name="own-" + (re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "images"),
        title=title,
        about=f"{len(names):,} {'grey' if x.shape[1] == 1 else 'colour'} images of your own at {x.shape[2]}x{x.shape[3]} "
        f"({len(names) - 2 * held:,} train, {held:,} validation, {held:,} test){lost}.",
        train=images.take(order[2 * held :]),
        validation=images.take(order[held : 2 * held]),
        test=images.take(order[:held]),
        classes=classes,
        refused=tuple(refused),
    )


class _Gallery:
    """The images so far. While all are tiny and no size is given they are kept as they came."""

    def __init__(self, size: int | None, limits: Limits) -> None:
        self.names: list[str] = []
        self._kept: list[np.ndarray] = []
        self._size, self._limits, self._bytes, self._pixels = size, limits, 0, 0

    def add(self, name: str, content: bytes) -> None:
        """Raises RefusedError where the picture cannot be used, FullError where no more can be kept."""
        if len(self.names) >= self._limits.images:
            raise FullError(f"there are more than {self._limits.images:,} images")
        picture = central_square(content, self._limits.pixels, self._size or USUAL)
        self._pixels += picture.decoded
        if self._pixels > self._limits.total_pixels:
            raise FullError(f"all images together have more than {self._limits.total_pixels:,} pixels")
        if self._size is None and picture.longest > _TINY_SIDE:
            self._bring_to(USUAL)
        x = resized(picture.image, self._size or picture.image.width)
        # Counted as colour, which all become when one of them is.
        size = 3 * x.shape[0] ** 2
        if self._bytes + size > self._limits.decoded_bytes:
            raise FullError(f"the images take more than {self._limits.decoded_bytes:,} bytes of memory")
        self._bytes += size
        self.names.append(name)
        self._kept.append(x)

    def _bring_to(self, side: int) -> None:
        self._size = side
        self._kept = [resized(Image.fromarray(x), side) for x in self._kept]
        self._bytes = 3 * side**2 * len(self._kept)

    def images(self) -> np.ndarray:
        """uint8 (N, C, side, side)."""
        if self._size is None:
            self._bring_to(TINY)
        channels = 1 if all(x.ndim == 2 for x in self._kept) else 3
        out = np.empty((len(self._kept), channels, self._size, self._size), np.uint8)
        for i, x in enumerate(self._kept):
            out[i] = x if x.ndim == 2 else x.transpose(2, 0, 1)
        return out


class _PreparedGallery:
    """The same, where someone else prepares each picture."""

    def __init__(self, prepare: Prepare, limits: Limits) -> None:
        self.names: list[str] = []
        self._kept: list[np.ndarray] = []
        self._prepare, self._limits, self._pixels = prepare, limits, 0

    def add(self, name: str, content: bytes) -> None:
        """As for `_Gallery`."""
        if len(self.names) >= self._limits.images:
            raise FullError(f"there are more than {self._limits.images:,} images")
        x, pixels = self._prepare(content)
        self._pixels += pixels
        if self._pixels > self._limits.total_pixels:
            raise FullError(f"all images together have more than {self._limits.total_pixels:,} pixels")
        if (len(self._kept) + 1) * x.nbytes > self._limits.decoded_bytes:
            raise FullError(f"the images take more than {self._limits.decoded_bytes:,} bytes of memory")
        self.names.append(name)
        self._kept.append(x)

    def images(self) -> np.ndarray:
        """uint8 (N, C, H, W)."""
        return np.stack(self._kept) if self._kept else np.empty((0, 1, 1, 1), np.uint8)


def _distinct(gallery: _Gallery | _PreparedGallery, refused: Refusals) -> tuple[list[str], np.ndarray]:
    x = gallery.images()
    first: dict[bytes, int] = {}
    for i, name in enumerate(gallery.names):
        same = first.setdefault(hashlib.sha256(x[i]).digest(), i)
        if same != i:
            refused.append((shown(name), f"it is the same picture as {shown(gallery.names[same])}"))
    keep = list(first.values())
    return [gallery.names[i] for i in keep], x[keep]


def _classes(names: list[str]) -> tuple[tuple[str, ...], np.ndarray | None]:
    """The folders below the one that all images share, and each image's: ((), None) where there are fewer than two."""
    folders = [name.split("/")[:-1] for name in names]
    shared = 0
    while all(len(folder) > shared for folder in folders) and len({folder[shared] for folder in folders}) == 1:
        shared += 1
    own = [folder[shared] if len(folder) > shared else _LOOSE for folder in folders]
    classes = sorted(set(own))
    if len(set(classes) - {_LOOSE}) < 2:
        return (), None
    index = {name: i for i, name in enumerate(classes)}
    return tuple(shown(name) for name in classes), np.array([index[name] for name in own])

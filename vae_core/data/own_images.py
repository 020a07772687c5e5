"""A person's own images, from a folder or a .zip. The files are taken to be hostile: see untrusted.py."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from . import splits
from .dataset import DataError, Dataset, Progress, Split, whole
from .pictures import STARTS, central_square, resized
from .preparation import Preparation, opened, prepared, suggested
from .refusals import OTHER_PART, SAME_PICTURE, SAME_PREPARED, folded, unused
from .untrusted import FullError, Limits, Meter, Refusals, RefusedError, entries, shown

SIZES = range(8, 129)
TINY, USUAL = 28, 64
_TINY_SIDE = 32
FEWEST = 10


def own_images(
    path: Path,
    *,
    size: int | None = None,
    title: str = "",
    image: tuple[int, int, int] | None = None,
    preparation: Preparation | None = None,
    names: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    limits: Limits | None = None,
) -> Dataset:
    """The images of a folder or a .zip, each cut to its central square and brought to `size` pixels a side.

    size: 8 to 128; unless given, 28 where no image is larger than 32, else 64. Grey only where every image is. image: the
    shape (C, H, W) of a model's images, to which all are brought instead; preparation: how that is done, for a model that
    was not trained on own images as they are. title: what the images are called; the name of the folder or .zip if not
    given. names: what a person calls a file, by its name here.

    Folders are classes where there are two or more; those called train, val or test are the split (splits.by_folder), in which
    a part without class folders has no labels. What they leave open is split 80/10/10 in expectation, by the content of each
    file alone (splits.dealt). A picture that is there several times is used once, and is trained on where any of its files is.
    `Dataset.refused` tells of each file that was not used. Raises DataError.
    """
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size not in SIZES):
        raise DataError(f"The size of one's own images is {size!r}, and must be a whole number from 8 to 128.")
    if image is not None and preparation is None and image[1] != image[2]:
        preparation = Preparation("crop")
    limits, names = limits or Limits(), names or {}
    gallery = _gallery(size, image, preparation, limits)
    marks, refused = _read(path, title, gallery, names, progress, limits)
    title = title or title_of(path)
    x, given = gallery.images(), splits.by_folder(gallery.names)
    # Pictures of which only the drawing is used can be equal then and be different pictures.
    drawings = preparation is not None and preparation.frame == "centre"
    keep, parts, marks = _distinct(x, gallery.names, np.array(marks), given, names, refused, drawings)
    if len(keep) < FEWEST:
        first = f"; not used: {'; '.join(folded(refused, lines=3))}" if refused else ""
        raise DataError(f"{title} has {len(keep)} usable images, and {FEWEST} are needed{first}.")
    classes, labels = splits.classes([gallery.names[i] for i in keep], given.level if given else None, parts if given else None)
    parts, lacking = _completed(parts, marks, title)
    train, validation, test = _splits(x, keep, labels, parts, marks)
    kind = f"{len(keep):,} {'grey' if x.shape[1] == 1 else 'colour'} images of your own at {x.shape[2]}x{x.shape[3]}"
    counts = ", ".join(f"{np.count_nonzero(parts == i):,} {part}" for i, part in enumerate(splits.PARTS))
    lost = f"; {unused(refused)}" if refused else ""
    return Dataset(
        name="own-" + (re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "images"),
        title=title,
        about=f"{kind} ({counts}; {_how(given, lacking, classes)}){lost}.",
        train=train,
        validation=validation,
        test=test,
        classes=tuple(shown(name) for name in classes),
        refused=tuple(refused),
        split_by="content" if given is None else "folders",
        preparation=preparation,
        forced=given is None and bool((marks[parts == splits.TEST] >= splits.SHARE).any()),
    )


def _gallery(
    size: int | None, image: tuple[int, int, int] | None, preparation: Preparation | None, limits: Limits
) -> _Gallery | _PreparedGallery:
    if preparation is None:
        return _Gallery(size, image, limits)
    if image is None:
        raise ValueError("`preparation` needs `image`, the shape (C, H, W) that it brings pictures to.")
    return _PreparedGallery(image, preparation, limits)


def title_of(path: Path) -> str:
    """The title of the images of a folder or .zip: its name, also where it is given as `.`, `..` or `/`."""
    full = path.resolve()
    return shown(full.name if full.is_dir() else full.stem) or "images"


def _completed(parts: np.ndarray, marks: np.ndarray, title: str) -> tuple[np.ndarray, list[int]]:
    """The part of each image, and the parts that were lacking, which take images of TRAIN by their marks.

    Raises DataError where too few are left to train on.
    """
    lacking = [part for part in (splits.TEST, splits.VALIDATION) if np.count_nonzero(parts == part) < splits.FEWEST]
    parts, free = parts.copy(), np.flatnonzero(parts == splits.TRAIN)
    parts[free] = splits.dealt(marks[free], lacking)
    if (count := np.count_nonzero(parts == splits.TRAIN)) < splits.FEWEST:
        raise DataError(f"{title} has too few images to train on beside those that are held out ({count}); add more.")
    return parts, lacking


def _splits(
    x: np.ndarray, keep: np.ndarray, labels: np.ndarray | None, parts: np.ndarray, marks: np.ndarray
) -> Iterator[Split]:
    """The splits for training, validation and test.

    keep: positions in `x` of the images that are used. labels, parts and marks are theirs. A split with an image whose class is
    not known has no labels.
    """
    for part in range(len(splits.PARTS)):
        # In the order of the marks, so that the first images of a part are a fair sample of it.
        rows = np.flatnonzero(parts == part)
        rows = rows[np.argsort(marks[rows], kind="stable")]
        found = None if labels is None else labels[rows]
        unknown = found is not None and bool((found == splits.UNKNOWN).any())
        yield whole(x[keep[rows]], None if unknown else found)


def _how(given: splits.FolderSplit | None, lacking: Sequence[int], classes: Sequence[str]) -> str:
    """A clause that describes the split of the images."""
    if given is None:
        said = "split by the content of each file"
        if meant := splits.almost_parts(classes):
            listed = ", ".join(shown(name) for name in meant[:6])
            said += f", with {listed} as classes: no folder is called train beside one called val or test"
        return said
    said = f"split by the folders {', '.join(given.folders[:6])}"
    chosen = " and ".join(splits.PARTS[part] for part in sorted(lacking))
    return f"{said}, {chosen} chosen from train by content" if chosen else said


def _read(
    path: Path,
    title: str,
    gallery: _Gallery | _PreparedGallery,
    names: Mapping[str, str],
    progress: Progress | None,
    limits: Limits,
) -> tuple[list[float], Refusals]:
    """Fills the gallery; gives the mark of each image in it, and the files that were refused."""
    marks, refused = [], []
    with entries(path, Meter(limits, STARTS), limits, refused, title) as found:
        for i, entry in enumerate(found):
            try:
                content = entry.read()
                gallery.add(entry.name, content)
                marks.append(splits.mark(content))
            except RefusedError as reason:
                refused.append((_called(entry.name, names), str(reason)))
                if isinstance(reason, FullError):
                    rest = "it comes after the file at which a limit was reached"
                    refused.extend((_called(later.name, names), rest) for later in found[i + 1 :])
                    break
            if progress:
                progress("reading images", i + 1, len(found))
    return marks, refused


def _called(name: str, names: Mapping[str, str]) -> str:
    return shown(names.get(name, name))


def _distinct(
    x: np.ndarray,
    names: Sequence[str],
    marks: np.ndarray,
    given: splits.FolderSplit | None,
    called: Mapping[str, str],
    refused: Refusals,
    drawings: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions in `x` of one image for each picture, their parts as far as folders give them (else TRAIN), and their marks.

    Of equal images the one in train is kept, then the one in validation, and of these the first. With `drawings`, equal images
    of different files in one part are kept too. The mark of each is the highest of all that are equal to it, which is the
    furthest from being held out, so that none is both trained on and held out.
    """
    parts = [splits.TRAIN] * len(names) if given is None else given.parts
    kept: dict[bytes, list[int]] = {}
    highest: dict[bytes, float] = {}
    for i in sorted(range(len(names)), key=lambda i: parts[i] or 0):
        name = _called(names[i], called)
        if parts[i] is None:
            refused.append((name, "it lies outside the folders of the split"))
            continue
        image = hashlib.sha256(x[i]).digest()
        highest[image] = max(highest.get(image, 0.0), marks[i])
        equal = kept.setdefault(image, [])
        copied = next((k for k in equal if marks[k] == marks[i]), None)
        if equal and (copied is not None or parts[equal[0]] != parts[i] or not drawings):
            why = OTHER_PART if parts[equal[0]] != parts[i] else SAME_PREPARED if copied is None else SAME_PICTURE
            refused.append((name, f"{why} {_called(names[equal[0] if copied is None else copied], called)}"))
        else:
            equal.append(i)
    found = sorted((i, highest[image]) for image, equal in kept.items() for i in equal)
    keep = np.array([i for i, _ in found], np.int64)
    return keep, np.array([parts[i] for i in keep], np.int64), np.array([mark for _, mark in found])


class _Gallery:
    """The images so far. While all are tiny and no size is given they are kept as they came.

    image: the shape of a model's square images, to which all are brought.
    """

    def __init__(self, size: int | None, image: tuple[int, int, int] | None, limits: Limits) -> None:
        self.names: list[str] = []
        self._kept: list[np.ndarray] = []
        self._size, self._channels = (size, None) if image is None else (image[1], image[0])
        self._limits, self._bytes, self._pixels = limits, 0, 0

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
        if self._channels == 1 and x.ndim == 3:
            x = np.asarray(Image.fromarray(x).convert("L"))
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
        side = TINY if self._size is None else self._size
        if self._size is None:
            self._bring_to(side)
        channels = self._channels or (1 if all(x.ndim == 2 for x in self._kept) else 3)
        out = np.empty((len(self._kept), channels, side, side), np.uint8)
        for i, x in enumerate(self._kept):
            out[i] = x if x.ndim == 2 else x.transpose(2, 0, 1)
        return out


class _PreparedGallery:
    """The images so far, each prepared for a model."""

    def __init__(self, image: tuple[int, int, int], preparation: Preparation, limits: Limits) -> None:
        self.names: list[str] = []
        self._kept: list[np.ndarray] = []
        self._image, self._preparation, self._limits, self._pixels = image, preparation, limits, 0

    def add(self, name: str, content: bytes) -> None:
        """Has the same meaning as for `_Gallery`."""
        if len(self.names) >= self._limits.images:
            raise FullError(f"there are more than {self._limits.images:,} images")
        picture = opened(content)
        x = prepared(picture.image, self._image, suggested(picture.image, self._preparation))
        self._pixels += picture.decoded
        if self._pixels > self._limits.total_pixels:
            raise FullError(f"all images together have more than {self._limits.total_pixels:,} pixels")
        if (len(self._kept) + 1) * x.nbytes > self._limits.decoded_bytes:
            raise FullError(f"the images take more than {self._limits.decoded_bytes:,} bytes of memory")
        self.names.append(name)
        self._kept.append(x)

    def images(self) -> np.ndarray:
        """uint8 (N, C, H, W)."""
        return np.stack(self._kept) if self._kept else np.empty((0, 1, 1, 1), np.uint8)

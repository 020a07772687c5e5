"""The split of a person's own images into those that are trained on and those that are held out.

Folders called train, val and test are taken as the split. What they do not give is decided for each file by a hash of its
bytes, so that it depends neither on the other files nor on the size or preparation of the pictures.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

TRAIN, VALIDATION, TEST = 0, 1, 2
PARTS = ("train", "validation", "test")
SHARE = 0.1
"""Expected share of the images in validation, and in test."""
FEWEST = 2
"""Images that each part has at least."""
_NAMES = re.compile(
    r"(?:\d+[-_ .]?)?(?:(train|training|trn|train[-_ ]?val)"
    r"|(val|valid|validation|dev|development|eval|evaluation)|(test|testing|tst|holdout|held[-_ ]?out))"
    r"(?:[-_ ]?(?:set|data|images|imgs|split))?(?:[-_ ]?\d{4})?",
    re.IGNORECASE,
)
_LEVELS = 8
"""Levels of folders at which a split is looked for."""
_ALMOST = re.compile(r"(?:(train(?:ing)?)|(?:val(?:id(?:ation)?)?|dev|test(?:ing)?))(?:[-_ .].{0,20}|[A-Z0-9]{1,3})")
"""A folder that is called after a part of a split and after something else (trainA, test_cats)."""
_LOOSE = "(no folder)"
UNKNOWN = -1
"""Label of an image whose class is not known."""


def mark(content: bytes) -> float:
    """A number in [0, 1) from the bytes of a file alone."""
    return int.from_bytes(hashlib.sha256(content).digest()[:6], "big") / 2**48


def dealt(marks: np.ndarray, parts: Sequence[int] = (TEST, VALIDATION)) -> np.ndarray:
    """The part of each image by its mark: int (N,), TRAIN or one of `parts`.

    The first of `parts` takes the marks below 0.1, the second those below 0.2, and each at least the two lowest that are
    left. Another image can only take places among the lowest, so it never moves an image from TRAIN to a held-out part.
    Removing images can, in a set so small that the two lowest marks are above these shares.
    """
    order, out = np.argsort(marks, kind="stable"), np.full(len(marks), TRAIN)
    for i, part in enumerate(parts, 1):
        free = order[out[order] == TRAIN]
        if not len(free):
            break
        taken = min(len(free), max(FEWEST, np.count_nonzero(marks[free] < i * SHARE)))
        # Equal marks are those of equal images, which go together.
        out[free[: np.searchsorted(marks[free], marks[free[taken - 1]], side="right")]] = part
    return out


@dataclass(frozen=True)
class FolderSplit:
    """A split that folders give."""

    parts: list[int | None]
    """The part of each image; None for an image that lies outside all of these folders."""
    folders: tuple[str, ...]
    """Names of the folders, sorted."""
    level: int
    """Number of folders above the folders of the parts."""


def by_folder(names: Sequence[str]) -> FolderSplit | None:
    """The split of images with these names (with /), or None where folders do not give one.

    It is given where folders of one level have names of parts, one of them TRAIN and at least one another: the topmost level
    that is not shared by all images, where folders with other names then lie outside the split, or one of the next below it
    (cat/train, cat/test, dog/train), where all have to be parts. A folder called `train` beside none that is another part is a
    class, and so is one called `test` without a `train`.
    """
    folders = [name.split("/")[:-1] for name in names]
    top = _shared(folders)
    for level in range(top, top + _LEVELS):
        at = [folder[level] if len(folder) > level else None for folder in folders]
        found = {name: _part(name) for name in set(at) if name is not None}
        loose = [folder for folder, name in zip(folders, at, strict=True) if name is None and len(folder) > top]
        parts = set(found.values()) - {None}
        whole = level == top or (not loose and None not in found.values())
        if whole and TRAIN in parts and len(parts) > 1:
            folders_of_parts = sorted(name for name, part in found.items() if part is not None)
            return FolderSplit([None if name is None else found[name] for name in at], tuple(folders_of_parts), level)
    return None


def classes(
    names: Sequence[str], split_level: int | None = None, parts: Sequence[int] | np.ndarray | None = None
) -> tuple[tuple[str, ...], np.ndarray | None]:
    """Class names, and int (N,) labels, from the folders below those that all images share; ((), None) for fewer than two.

    split_level: the level of the folders that give the split, which are no classes. parts: the part of each image, where
    folders give it. The classes of a part without class folders (an undivided `test`) are UNKNOWN; an image beside the class
    folders of its own part is of one more class.
    """
    folders = [name.split("/")[:-1] for name in names]
    if split_level is not None:
        folders = [folder[:split_level] + folder[split_level + 1 :] for folder in folders]
    parts = [TRAIN] * len(names) if parts is None else parts

    def divided(level: int) -> set[int]:
        """Parts with an image in a folder of that level."""
        return {part for part, folder in zip(parts, folders, strict=True) if len(folder) > level}

    top = _shared([folder for part, folder in zip(parts, folders, strict=True) if part in divided(0)])
    known = divided(top)
    own = [folder[top] if len(folder) > top else _LOOSE if part in known else None
           for part, folder in zip(parts, folders, strict=True)]  # fmt: skip
    found = sorted({name for name in own if name is not None})
    if len(set(found) - {_LOOSE}) < 2:
        return (), None
    index = {name: i for i, name in enumerate(found)}
    return tuple(found), np.array([UNKNOWN if name is None else index[name] for name in own])


def almost_parts(names: Sequence[str]) -> tuple[str, ...]:
    """The classes (or folders) of these names that may be meant as parts of a split, sorted.

    They are all that are called as parts are, and others called after parts (trainA, testA) where some are called after TRAIN
    and some after another part.
    """
    exact = {name for name in names if _part(name) is not None}
    almost = {name: found for name in names if (found := _ALMOST.fullmatch(name))}
    if len({found[1] is None for found in almost.values()}) < 2:
        almost = {}
    return tuple(sorted({*exact, *almost}))


def _part(folder: str) -> int | None:
    found = _NAMES.fullmatch(folder.strip())
    return None if found is None or found.lastindex is None else found.lastindex - 1


def _shared(folders: Sequence[Sequence[str]]) -> int:
    """The number of folders that all images have in common."""
    shared = 0
    while folders and all(len(folder) > shared and folder[shared] == folders[0][shared] for folder in folders):
        shared += 1
    return shared

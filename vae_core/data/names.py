"""First names, and made-up ones that need no file: texts of 2 to 15 small letters.

Source of the first: names.txt of makemore (https://github.com/karpathy/makemore, MIT licence), which has the most common names
of a year from the US Social Security Administration, some of them twice.
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from vae_core.config import TokensField

from .dataset import SEED, DataError, Dataset, Split, shuffled
from .roots import Pieces, file_at, find, missing

FILE, FILE_MD5 = "text/names.txt", "401b3c4cac9e28a586ed15e81256680d"
FIELD = TokensField("text", 16, tuple(string.ascii_lowercase))
HELD_OUT = 2_000
"""Names in validation, and in test."""
MADE_UP = 20_000
_BEGINNINGS = (
    "b", "br", "c", "ch", "d", "dr", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "qu", "r", "s", "sh", "st", "t", "th",
    "tr", "v", "w", "y", "z",
)  # fmt: skip
_VOWELS = ("a", "a", "e", "e", "i", "i", "o", "o", "u", "ai", "ea", "ia")
_JOINTS = ("b", "d", "l", "ll", "m", "n", "nd", "nn", "r", "rr", "s", "st", "t", "v", "z")
PARTS = (_BEGINNINGS, _VOWELS, _JOINTS, _VOWELS, _JOINTS)
ENDINGS = ("a", "an", "el", "en", "ia", "is", "o", "us")
"""The parts of made-up names: a beginning and a vowel, in half of them a joint and a vowel, a last joint, and an ending."""


def has_names(root: Path) -> bool:
    """True if the file of first names is under this root."""
    return file_at(root, FILE) is not None


def pieces(root: Path) -> Pieces:
    """The file of first names, if it is under this root."""
    folder, name = FILE.split("/")
    return Pieces(root / folder, {name: has_names(root)}, folder)


def names(root: Path | None = None) -> Dataset:
    """29,494 first names: 25,494 train, 2,000 validation, 2,000 test. Raises DataError without a good file of them."""
    found = find([has_names], root)
    if found is None:
        raise missing("names", "First names", [has_names], pieces, root)
    path = file_at(found[1], FILE)
    assert path is not None, "find looks for this file"
    try:
        distinct = sorted(set(path.read_text(encoding="ascii").split()))
        tokens = FIELD.numbers(distinct)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is not the list of names that it should be: {error}") from None
    if len(tokens) < 3 * HELD_OUT:
        raise DataError(f"{path} has {len(tokens):,} different names; at least {3 * HELD_OUT:,} are needed.")
    train = f"{len(tokens) - 2 * HELD_OUT:,}"
    return _divided(
        "names", "First names",
        f"{len(tokens):,} different first names of 2 to 15 letters ({train} train, 2,000 validation, 2,000 test), from the "
        "list of the makemore project (MIT licence), which is of the US Social Security Administration.",
        tokens,
    )  # fmt: skip


def made_up_names() -> Dataset:
    """20,000 names put together from parts: 16,000 train, 2,000 validation, 2,000 test. The ending is the class of a name."""
    rng = np.random.default_rng(SEED)
    endings: dict[str, int] = {}
    while len(endings) < MADE_UP:
        for *draw, ending, long in rng.integers(2**20, size=(MADE_UP, 7)).tolist():
            first, vowel, joint, second, last = (part[n % len(part)] for part, n in zip(PARTS, draw, strict=True))
            name = first + vowel + (joint + second) * (long % 2) + last + ENDINGS[ending % len(ENDINGS)]
            endings.setdefault(name, ending % len(ENDINGS))
    chosen = dict(itertools.islice(endings.items(), MADE_UP))
    return _divided(
        "made_up_names", "Made-up names",
        "20,000 names that were put together here from syllables and one of eight endings (16,000 train, 2,000 validation, "
        "2,000 test); free of any licence.",
        FIELD.numbers(chosen), list(chosen.values()), tuple(f"-{ending}" for ending in ENDINGS),
    )  # fmt: skip


def _divided(
    name: str,
    title: str,
    about: str,
    tokens: Sequence[Sequence[int]],
    y: list[int] | None = None,
    classes: tuple[str, ...] = (),
) -> Dataset:
    texts = Split(torch.tensor(tokens, dtype=torch.uint8), None if y is None else torch.tensor(y), tokens=FIELD)
    order = shuffled(len(texts))
    test, validation, train = np.split(order, [HELD_OUT, 2 * HELD_OUT])
    return Dataset(name, title, about, texts.take(train), texts.take(validation), texts.take(test), classes)

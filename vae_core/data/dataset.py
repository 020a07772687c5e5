"""Data sets: three disjoint splits of images or texts with their labels, factors and attributes."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from vae_core.batch import goes_on_after_end
from vae_core.config import CategoryField, FieldSpec, ImageField, ObservationSpec, TokensField

if TYPE_CHECKING:
    from .preparation import Preparation

SEED = 20_131_220
"""Seeds every split. Changing it changes which images are held out, and so every published figure."""

SPLIT_BY = ("content", "folders")
"""Properties of a person's own images that their split can depend on."""

Progress = Callable[[str, int, int], None]
"""Called as progress(what, done, total); total is 0 while unknown."""


class DataError(ValueError):
    """Data that is missing or cannot be used: one sentence that says which, and what to do."""


@dataclass(frozen=True, eq=False)
class Split:
    """Observations at rest: images, or texts.

    x: images, uint8 (N, C, H, W), or the tokens of texts, uint8 (N, length). y: int64 (N,) class labels. factors: int64 (N, F)
    indices of generative factors. attributes: uint8 0/1 (N, A). What a data set does not know is None. Raises DataError when
    these do not fit.
    """

    x: torch.Tensor
    y: torch.Tensor | None = None
    factors: torch.Tensor | None = None
    attributes: torch.Tensor | None = None
    tokens: TokensField | None = None
    """The field that `x` holds where it is text; None for images."""

    def __post_init__(self) -> None:
        if self.tokens is not None:
            fits = self.x.dtype == torch.uint8 and self.x.shape[1:] == self.tokens.shape
            if not fits or bool((self.x >= self.tokens.count).any() or goes_on_after_end(self.x).any()):
                wanted = f"uint8 (N, {self.tokens.length}), each below {self.tokens.count}, and 0 behind the end of a text"
                raise DataError(f"Texts must be tokens, {wanted}.")
        elif self.x.dtype != torch.uint8 or self.x.ndim != 4:
            raise DataError(f"Images must be uint8 (N, C, H, W), and these are {self.x.dtype} {tuple(self.x.shape)}.")
        for name, known in self._known().items():
            if len(known) != len(self.x):
                raise DataError(f"A split has {len(self.x)} images and {len(known)} rows of {name}.")

    def __len__(self) -> int:
        return len(self.x)

    def _known(self) -> dict[str, torch.Tensor]:
        """The tensors that the split has, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, torch.Tensor)}

    @property
    def field(self) -> FieldSpec:
        """The field that `x` holds. Raises ConfigError for images of a shape that no model takes."""
        return ImageField("image", *self.x.shape[1:]) if self.tokens is None else self.tokens

    @property
    def fields(self) -> dict[str, torch.Tensor]:
        """Values at rest by the names that models read: `image` or that of the text, and `label` where it is known."""
        known = {"image" if self.tokens is None else self.tokens.name: self.x, "label": self.y}
        return {name: value for name, value in known.items() if value is not None}

    def first(self, count: int) -> Split:
        """The first `count` observations, without a copy."""
        return dataclasses.replace(self, **{name: value[:count] for name, value in self._known().items()})

    def take(self, index: np.ndarray) -> Split:
        """The observations of the given positions, in that order (a copy)."""
        rows = torch.from_numpy(np.asarray(index, dtype=np.int64))
        return dataclasses.replace(self, **{name: value[rows] for name, value in self._known().items()})


def _fingerprint(begin: str, splits: dict[str, Split]) -> str:
    digest = hashlib.sha256(begin.encode())
    for part, split in splits.items():
        for name, known in split._known().items():
            digest.update(f"|{part}.{name} {known.dtype} {tuple(known.shape)}|".encode())
            values: Any = known.contiguous().numpy()
            digest.update(memoryview(values).cast("B"))
        if split.tokens is not None:
            digest.update("".join(split.tokens.vocabulary).encode())
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class TrainingSplits:
    """The splits of a data set that a run reads: one to train on and one to validate with."""

    train: Split
    validation: Split

    @functools.cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) over the shapes and bytes of both splits."""
        return _fingerprint("splits", {"train": self.train, "validation": self.validation})

    @classmethod
    def divided(cls, split: Split, share: float = 0.1) -> TrainingSplits:
        """A share of the observations, chosen at random and at least two, to validate with, and the others to train on."""
        order = shuffled(len(split))
        count = max(2, round(share * len(split)))
        return cls(split.take(order[count:]), split.take(order[:count]))


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three disjoint splits and how to speak of them.

    `classes[y]` is a label's name; `factor_names` and `factor_sizes` describe the columns of `factors`,
    `attribute_names` those of `attributes`. Of a person's own images, `refused` lists (name, reason) of each file that was
    not used, `split_by` says what the split depends on (the content of each file, or the folders that they lie in), and
    `preparation` how they were brought to a model's shape, where it was not by their central square.
    """

    name: str
    title: str
    about: str
    train: Split
    validation: Split
    test: Split
    classes: tuple[str, ...] = ()
    factor_names: tuple[str, ...] = ()
    factor_sizes: tuple[int, ...] = ()
    attribute_names: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    split_by: Literal["", "content", "folders"] = ""
    preparation: Preparation | None = None
    forced: bool = False
    """True if a test image of a person's own is held out because there are too few images, and not by its content alone: after
    files were removed it may be one that a model was trained on."""

    @property
    def image(self) -> tuple[int, int, int]:
        """The shape of one image, (C, H, W). Raises DataError where the observations are texts."""
        if self.train.tokens is not None:
            raise DataError(f"{self.title} holds texts, which are no images.")
        channels, height, width = self.train.x.shape[1:]
        return channels, height, width

    @property
    def observation(self) -> ObservationSpec:
        """The fields of one observation: the image or the text, and the class where it is known.

        Raises ConfigError for images of a shape that no model takes.
        """
        label = (CategoryField("label", len(self.classes)),) if len(self.classes) > 1 else ()
        return ObservationSpec((self.train.field, *label))

    @functools.cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) over the name and over the shapes and bytes of all that the three splits hold.

        A person's own images are the same data set whatever their folder is called.
        """
        splits = {name: getattr(self, name) for name in ("train", "validation", "test")}
        return _fingerprint(self.split_by or self.name, splits)


def shuffled(count: int) -> np.ndarray:
    """The permutation of `count` items that every split of that many uses: int64 (count,), the same everywhere."""
    return np.random.default_rng(SEED).permutation(count)


def whole(x: np.ndarray, y: np.ndarray | None = None, attributes: np.ndarray | None = None) -> Split:
    """Numpy images (N, H, W) or (N, C, H, W), with labels and attributes if known, as one Split."""
    images = torch.from_numpy(np.require(x, np.uint8, ["C", "W"]))
    return Split(
        images[:, None] if images.ndim == 3 else images,
        None if y is None else torch.from_numpy(np.asarray(y).astype(np.int64)),
        attributes=None if attributes is None else torch.from_numpy(np.asarray(attributes).astype(np.uint8)),
    )

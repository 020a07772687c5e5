"""The fields of an observation, on which models, data and pages agree."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar

from vae_core.config.base import Config, ConfigError, require
from vae_core.config.constraints import Length, OneOf, Range

Side = Annotated[int, Range(8, 128, "pixels")]
MOST_CLASSES = 1000
"""Largest number of classes of a field; a model takes an input for each."""
MOST_TOKENS, MOST_CHARACTERS = 64, 250
"""Largest number of tokens of a text, and of different characters; a token at rest is a byte."""


class FieldSpec(Config, axis=True):
    """A named part of an observation, and what its values are."""

    noun: ClassVar[str] = "value"
    """The word for one value in a sentence."""
    discrete: ClassVar[bool] = False
    """True if values in compute are numbers of classes, int64."""

    name: str

    @property
    @abc.abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of the value of one observation at rest."""


class ImageField(FieldSpec, kind="image"):
    """An image: uint8 at rest, float32 in [0, 1] in compute, of shape (C, H, W)."""

    noun = "image"

    channels: Annotated[int, OneOf((1, 3))]
    height: Side
    width: Side

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.channels, self.height, self.width


class CategoryField(FieldSpec, kind="category"):
    """One of several classes: its number, int64, at rest; one-hot, float32 of shape (count,), in compute."""

    count: Annotated[int, Range(2, MOST_CLASSES, "classes")]

    @property
    def shape(self) -> tuple[()]:
        """A class number has no dimensions."""
        return ()


def _characters_can_be_told_apart(field: TokensField) -> None:
    odd = [one for one in field.vocabulary if len(one) != 1 or not one.isprintable() or field.vocabulary.count(one) > 1]
    require(not odd, "TokensField.vocabulary", odd[:1], "single printable characters, each once")


class TokensField(FieldSpec, kind="tokens"):
    """A text: the numbers of its characters, uint8 or int64 of shape (length,) at rest, int64 in compute.

    The character at index i of the vocabulary has the number i + 1. The number 0 ends a text, and fills the places behind it.
    """

    noun = "text"
    discrete = True

    length: Annotated[int, Range(2, MOST_TOKENS, "tokens")]
    """Characters of the longest text, and one for its end."""
    vocabulary: Annotated[tuple[str, ...], Length(1, MOST_CHARACTERS)]
    """The characters that a text may have."""

    rules = (_characters_can_be_told_apart,)

    @property
    def shape(self) -> tuple[int]:
        """The number of tokens."""
        return (self.length,)

    @property
    def count(self) -> int:
        """The number of different tokens, the end among them."""
        return 1 + len(self.vocabulary)

    def numbers(self, texts: Iterable[str]) -> list[list[int]]:
        """The tokens of texts, each filled up to the length. Raises ValueError on a text that is too long or has others."""
        number, found = {one: i for i, one in enumerate(self.vocabulary, 1)}, []
        for text in texts:
            if len(text) >= self.length:
                raise ValueError(f"{text[:40]!r} has {len(text)} characters; at most {self.length - 1} are known here.")
            if unknown := [one for one in text if one not in number]:
                raise ValueError(f"{text!r} has the character {unknown[0]!r}, which is not among {''.join(self.vocabulary)}.")
            found.append([number[one] for one in text] + [0] * (self.length - len(text)))
        return found

    def texts(self, tokens: Iterable[Sequence[int]]) -> list[str]:
        """The texts of tokens, each up to its end."""
        found = []
        for row in tokens:
            ended = next((i for i, token in enumerate(row) if token == 0), len(row))
            found.append("".join(self.vocabulary[token - 1] for token in row[:ended]))
        return found


def _fields_have_names_of_their_own(spec: ObservationSpec) -> None:
    names = [field.name for field in spec.fields]
    if not names or len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
        raise ConfigError(f"The fields of an observation are called {names}; each needs a name of its own.")


class ObservationSpec(Config):
    """The fields of one observation."""

    fields: tuple[FieldSpec, ...]

    rules = (_fields_have_names_of_their_own,)

    def __getitem__(self, name: str) -> FieldSpec:
        """The field of a name. Raises KeyError where there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fields."""
        return tuple(field.name for field in self.fields)

    @property
    def images(self) -> tuple[ImageField, ...]:
        """The fields that are images."""
        return tuple(field for field in self.fields if isinstance(field, ImageField))


def image_observation(shape: tuple[int, int, int], name: str = "image") -> ObservationSpec:
    """Observations that are one image (C, H, W). Raises ConfigError on a shape that no model takes."""
    return ObservationSpec((ImageField(name, *shape),))

"""The fields of an observation, on which models, data and pages agree."""

from __future__ import annotations

import abc
from typing import Annotated

from vae_core.config.base import Config, ConfigError
from vae_core.config.constraints import OneOf, Range

Side = Annotated[int, Range(8, 128, "pixels")]
MOST_CLASSES = 1000
"""Largest number of classes of a field; a model takes an input for each."""


class FieldSpec(Config, axis=True):
    """A named part of an observation, and what its values are."""

    name: str

    @property
    @abc.abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of the value of one observation at rest."""


class ImageField(FieldSpec, kind="image"):
    """An image: uint8 at rest, float32 in [0, 1] in compute, of shape (C, H, W)."""

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

"""Structures: how the parts of a model are wired, and the sizes of its latent."""

from __future__ import annotations

import abc
import typing
from typing import Annotated, ClassVar

from vae_core.config.base import Config, require
from vae_core.config.constraints import Each, Range
from vae_core.config.nets import NetConfig, Widths, halvings

Dimensions = Annotated[int, Range(1, 1024)]


class StructureConfig(Config, axis=True):
    """The wiring of a model."""

    has_one_group: ClassVar[bool] = True
    """True if all codes of an observation are one group, which has one posterior and one prior."""
    space: ClassVar[str] = ""
    """Kind of the space that the codes of all groups live in; empty where any kind will do."""
    field: ClassVar[str] = ""
    """Kind of the field that it models; empty where any kind will do."""
    is_continuous: ClassVar[bool] = True
    """True if codes are points of a continuous space, as those of the posterior have to be."""

    @classmethod
    @abc.abstractmethod
    def suited(cls, latent: int, shape: tuple[int, ...], net: NetConfig) -> typing.Self:
        """The structure for observations of a shape and a net, with a code of `latent` dimensions where codes are vectors."""

    @property
    @abc.abstractmethod
    def code_shape(self) -> tuple[int, ...]:
        """Shape of the code of the top group."""

    @property
    @abc.abstractmethod
    def title(self) -> str:
        """The size of the code of the top group on screen."""


class FlatConfig(StructureConfig, kind="flat"):
    """One vector stands for an observation: encoder, code, decoder."""

    latent: Dimensions
    """Dimensions of the code."""

    @property
    def code_shape(self) -> tuple[int, ...]:
        """The shape of a vector."""
        return (self.latent,)

    @classmethod
    def suited(cls, latent: int, shape: tuple[int, ...], net: NetConfig) -> typing.Self:
        """A vector of `latent` dimensions for all observations and nets."""
        return cls(latent)

    @property
    def title(self) -> str:
        """The number of dimensions."""
        return f"{self.latent}-D"


class TwoLayerConfig(StructureConfig, kind="two-layer"):
    """Two vectors stand for an observation: a top code, and a lower one whose prior and posterior are given the top code."""

    has_one_group = False
    space = "euclidean"
    latent: Dimensions
    """Dimensions of the top code."""
    lower: Dimensions = 16
    """Dimensions of the lower code."""
    lower_hidden: Widths = (128,)
    """Widths of the fully connected layers from the top code to the prior of the lower one, and to its posterior."""

    @property
    def code_shape(self) -> tuple[int, ...]:
        """The shape of the top vector."""
        return (self.latent,)

    @classmethod
    def suited(cls, latent: int, shape: tuple[int, ...], net: NetConfig) -> typing.Self:
        """A top vector of `latent` dimensions for all observations and nets."""
        return cls(latent)

    @property
    def title(self) -> str:
        """The numbers of dimensions of both vectors."""
        return f"{self.latent}-D and {self.lower}-D details"


MOST_DISTANCES = 2**19
"""Largest number of places times codes of a grid: a step computes so many distances of each image."""


def _distances_fit(structure: GridConfig) -> None:
    height, width = structure.grid
    most = MOST_DISTANCES // (height * width)
    require(structure.codes <= most, "GridConfig.codes", structure.codes, f"{most:,} or less on a grid of {height}x{width}")


class GridConfig(StructureConfig, kind="grid"):
    """A grid of whole numbers stands for an observation, each of which names a vector of a codebook."""

    is_continuous = False
    field = "image"

    grid: Annotated[tuple[int, int], Each(Range(1, 64))]
    """Height and width of the grid of codes. With a convolutional net it is the size of the image after all halvings."""
    codes: Annotated[int, Range(2, 2**15)] = 128
    """Number of codes of the codebook."""

    rules = (_distances_fit,)

    @classmethod
    def suited(cls, latent: int, shape: tuple[int, ...], net: NetConfig) -> typing.Self:
        """A grid of the size of the smallest feature maps, or of a quarter of the image where the net halves nothing."""
        _, height, width = shape
        return cls(grid_of((1, height, width), net) or (max(1, height // 4), max(1, width // 4)))

    @property
    def code_shape(self) -> tuple[int, ...]:
        """Height and width of the grid."""
        return self.grid

    @property
    def title(self) -> str:
        """The size of the grid and of the codebook."""
        return f"{self.grid[0]}x{self.grid[1]} codes of {self.codes}"


def grid_of(image: tuple[int, int, int], net: NetConfig) -> tuple[int, int] | None:
    """Height and width of the smallest feature maps of a net for images (C, H, W); None for a net that halves nothing."""
    return (image[1] >> halvings(net), image[2] >> halvings(net)) if halvings(net) else None

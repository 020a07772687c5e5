"""Structures: how the parts of a model are wired, and the sizes of its latent."""

from __future__ import annotations

import abc
from typing import Annotated, ClassVar

from vae_core.config.base import Config
from vae_core.config.constraints import Range
from vae_core.config.nets import Widths

Dimensions = Annotated[int, Range(1, 1024)]


class StructureConfig(Config, axis=True):
    """The wiring of a model."""

    has_one_group: ClassVar[bool] = True
    """True if all codes of an observation are one group, which has one posterior and one prior."""
    space: ClassVar[str] = ""
    """Kind of the space that the codes of all groups live in; empty where any kind will do."""

    @property
    @abc.abstractmethod
    def code_shape(self) -> tuple[int, ...]:
        """Shape of the code of the top group."""


class FlatConfig(StructureConfig, kind="flat"):
    """One vector stands for an observation: encoder, code, decoder."""

    latent: Dimensions
    """Dimensions of the code."""

    @property
    def code_shape(self) -> tuple[int, ...]:
        return (self.latent,)


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
        return (self.latent,)

"""Structures: how the parts of a model are wired, and the sizes of its latent."""

from __future__ import annotations

import abc
from typing import Annotated, ClassVar

from vae_core.config.base import Config
from vae_core.config.constraints import Range


class StructureConfig(Config, axis=True):
    """The wiring of a model."""

    has_one_group: ClassVar[bool] = True
    """True if all codes of an observation are one group, which has one posterior and one prior."""

    @property
    @abc.abstractmethod
    def code_shape(self) -> tuple[int, ...]:
        """Shape of the code of the top group."""


class FlatConfig(StructureConfig, kind="flat"):
    """One vector stands for an observation: encoder, code, decoder."""

    latent: Annotated[int, Range(1, 1024)]
    """Dimensions of the code."""

    @property
    def code_shape(self) -> tuple[int, ...]:
        return (self.latent,)

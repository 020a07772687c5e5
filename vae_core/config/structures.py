"""Structures: how the parts of a model are wired, and the sizes of its latent."""

from __future__ import annotations

from typing import Annotated

from vae_core.config.base import Config
from vae_core.config.constraints import Range


class StructureConfig(Config, axis=True):
    """The wiring of a model."""


class FlatConfig(StructureConfig, kind="flat"):
    """One vector stands for an observation: encoder, code, decoder."""

    latent: Annotated[int, Range(1, 1024)]
    """Dimensions of the code."""

"""p(z): the distribution that codes are drawn from when no observation is given."""

from __future__ import annotations

import typing
from typing import ClassVar

from vae_core.config.base import Config, ConfigError


class PriorConfig(Config, axis=True):
    """A distribution over codes."""

    space: ClassVar[str] = "euclidean"
    """Kind of the space that codes live in: a `kind` of `vae_core.models.spaces`."""
    title: ClassVar[str] = "a distribution of its own"
    """The name of the distribution in a sentence on screen."""

    @classmethod
    def on(cls, space: str) -> typing.Self:
        """The plainest prior of a kind of space: the first that is declared. Raises ConfigError where there is none."""
        for kind in cls.kinds.values():
            if kind.space == space:
                return kind()
        raise ConfigError(f"No prior has codes in a space of kind {space!r}.")


class StandardNormalConfig(PriorConfig, kind="normal"):
    """N(0, I)."""

    title = "N(0, I)"


class UniformSphereConfig(PriorConfig, kind="uniform-sphere"):
    """The uniform distribution on the unit sphere."""

    space = "sphere"
    title = "the uniform distribution on the sphere"

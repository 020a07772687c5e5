"""p(z): the distribution that codes are drawn from when no observation is given."""

from __future__ import annotations

import typing
from typing import Annotated, ClassVar

from vae_core.config.base import Config, ConfigError
from vae_core.config.constraints import Range
from vae_core.config.nets import Widths


class PriorConfig(Config, axis=True):
    """A distribution over codes."""

    space: ClassVar[str] = "euclidean"
    """Kind of the space that codes live in: a `kind` of `vae_core.models.spaces`."""
    least_latent: ClassVar[int] = 1
    """Smallest number of dimensions of a code."""
    title: ClassVar[str] = "a distribution of its own"
    """The name of the distribution in a sentence on screen."""
    is_standard: ClassVar[bool] = False
    """True for the standard distribution of its space, N(0, I) in R^d and the uniform one on a sphere, which a page draws from
    by itself."""
    is_learned: ClassVar[bool] = False
    """True if the prior has weights, which are trained with the model."""

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
    is_standard = True


class RealNVPConfig(PriorConfig, kind="realnvp"):
    """A normalizing flow of affine coupling layers, trained with the model (Dinh et al. 2017)."""

    title = "a flow that was trained with the model"
    is_learned = True
    # Each coupling changes one half of the dimensions by the other.
    least_latent = 2

    transforms: Annotated[int, Range(1, 64)] = 6
    """Number of coupling layers, which change the two halves of the dimensions in turn."""
    hidden: Widths = (64, 64)
    """Widths of the fully connected layers in each coupling layer."""


class UniformSphereConfig(PriorConfig, kind="uniform-sphere"):
    """The uniform distribution on the unit sphere."""

    space = "sphere"
    least_latent = 2
    title = "the uniform distribution on the sphere"
    is_standard = True


class UniformCodesConfig(PriorConfig, kind="uniform-codes"):
    """Independent codes of a codebook, each equally probable."""

    space = "codebook"
    title = "the uniform distribution over codes"

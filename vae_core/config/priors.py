"""p(z): the distribution that codes are drawn from when no observation is given."""

from __future__ import annotations

from typing import Annotated

from vae_core.config.base import Config
from vae_core.config.constraints import Range
from vae_core.config.nets import Widths


class PriorConfig(Config, axis=True):
    """A distribution over codes."""


class StandardNormalConfig(PriorConfig, kind="normal"):
    """N(0, I)."""


class RealNVPConfig(PriorConfig, kind="realnvp"):
    """A normalizing flow of affine coupling layers, trained with the model (Dinh et al. 2017)."""

    transforms: Annotated[int, Range(1, 64)] = 6
    """Number of coupling layers, which change the two halves of the dimensions in turn."""
    hidden: Widths = (64, 64)
    """Widths of the fully connected layers in each coupling layer."""

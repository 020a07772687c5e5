"""p(z): the distribution that codes are drawn from when no observation is given."""

from __future__ import annotations

import abc
from typing import Annotated, ClassVar

from vae_core.config.base import Config
from vae_core.config.constraints import Range
from vae_core.config.nets import Widths


class PriorConfig(Config, axis=True):
    """A distribution over codes."""

    is_standard_normal: ClassVar[bool]
    """True for N(0, I), which a page can draw from and show by itself."""

    @property
    @abc.abstractmethod
    def title(self) -> str:
        """The name of the prior on screen, as in "z drawn from N(0, I)"."""


class StandardNormalConfig(PriorConfig, kind="normal"):
    """N(0, I)."""

    is_standard_normal = True

    @property
    def title(self) -> str:
        return "N(0, I)"


class RealNVPConfig(PriorConfig, kind="realnvp"):
    """A normalizing flow of affine coupling layers, trained with the model (Dinh et al. 2017)."""

    is_standard_normal = False
    transforms: Annotated[int, Range(1, 64)] = 6
    """Number of coupling layers, which change the two halves of the dimensions in turn."""
    hidden: Widths = (64, 64)
    """Widths of the fully connected layers in each coupling layer."""

    @property
    def title(self) -> str:
        return "its learned prior"

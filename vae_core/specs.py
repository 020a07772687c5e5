"""Specifications of latents and of noise. Those of observations are part of a configuration (`vae_core.config`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from vae_core.models.spaces import Space

Distribution = Literal["normal", "uniform"]
"""Distribution of one random number: standard normal, or uniform in [0, 1)."""


@dataclass(frozen=True)
class LatentGroup:
    """A part of a latent: one vector, a grid of codes, or a layer of a hierarchy."""

    name: str
    shape: tuple[int, ...]
    """Shape of the group's code of one observation."""
    space: Space


@dataclass(frozen=True)
class LatentSpec:
    """The groups of a latent, in the order in which they are drawn."""

    groups: tuple[LatentGroup, ...]

    @property
    def top(self) -> LatentGroup:
        """The group that is drawn first. Its code stands for an observation on pages; the codes of other groups follow it."""
        return self.groups[0]


@dataclass(frozen=True)
class NoiseSpec:
    """Random numbers that one step needs for each observation."""

    name: str
    shape: tuple[int, ...]
    distribution: Distribution

    def within(self, owner: str) -> NoiseSpec:
        """This noise under the name that it has in a model, `owner.name`."""
        return NoiseSpec(f"{owner}.{self.name}", self.shape, self.distribution)

    def draw(self, n: int, generator: torch.Generator | None = None, device: torch.device | str = "cpu") -> Tensor:
        """The numbers for n observations, float32 (n, *shape)."""
        return DRAWS[self.distribution](n, *self.shape, generator=generator, device=device)


DRAWS = {"normal": torch.randn, "uniform": torch.rand}
"""Functions that draw numbers of each distribution."""

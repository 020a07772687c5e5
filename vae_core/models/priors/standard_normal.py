"""The standard normal distribution."""

from __future__ import annotations

import math

from torch import Tensor

from vae_core.batch import Noise
from vae_core.models.priors.base import Prior
from vae_core.specs import NoiseSpec


class StandardNormal(Prior):
    """N(0, I)."""

    def __init__(self, latent: int):
        super().__init__()
        self.noise = (NoiseSpec("z", (latent,), "normal"),)

    def log_prob(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """The log density of independent standard normal dimensions, (B,), nats."""
        return -0.5 * (z**2 + math.log(2 * math.pi)).sum(1)

    def draw(self, noise: Noise, condition: Tensor | None = None) -> Tensor:
        """The noise itself, (B, d)."""
        return noise["z"]

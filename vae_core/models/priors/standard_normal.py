"""The standard normal distribution."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_core.models.priors.base import Prior


class StandardNormal(Prior):
    """N(0, I)."""

    def __init__(self, latent: int):
        super().__init__()
        self.latent = latent

    def log_prob(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        return -0.5 * (z**2 + math.log(2 * math.pi)).sum(1)

    def sample(self, n: int, generator: torch.Generator | None = None, condition: Tensor | None = None) -> Tensor:
        return torch.randn(n, self.latent, generator=generator)

"""A normal distribution whose mean and variance are its condition."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_core.batch import Noise
from vae_core.models.priors.base import Prior
from vae_core.specs import NoiseSpec


class ConditionalNormal(Prior):
    """N(mu, diag exp logvar), with mu and logvar the two halves of the condition (B, 2d) (Sønderby et al. 2016, eq. 2).

    The condition is what a net makes of the code of the group above. A caller computes it once for all that it asks.
    """

    LOGVAR_RANGE = (-8.0, 8.0)
    """Range of logvar, within which a bad batch does not overflow exp()."""

    def __init__(self, latent: int):
        super().__init__()
        self.noise = (NoiseSpec("z", (latent,), "normal"),)

    def parameters_of(self, condition: Tensor | None) -> tuple[Tensor, Tensor]:
        """Mean `mu` and log variance `logvar`, each float32 (B, d). Raises ValueError without a condition."""
        if condition is None:
            raise ValueError("This prior is its condition; pass the raw parameters that follow from the group above.")
        mu, logvar = condition.float().chunk(2, 1)
        return mu, logvar.clamp(*self.LOGVAR_RANGE)

    def log_prob(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """The log density under the parameters that the condition gives, (B,), nats."""
        _, logvar = self.parameters_of(condition)
        return -0.5 * (self.standardised(z, condition) ** 2 + logvar + math.log(2 * math.pi)).sum(1)

    def draw(self, noise: Noise, condition: Tensor | None = None) -> Tensor:
        """The mean and the noise times sigma, (B, d)."""
        mu, logvar = self.parameters_of(condition)
        return mu + noise["z"] * torch.exp(0.5 * logvar)

    def standardised(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """The standard normal numbers that `draw` turns into codes z (B, d): (B, d)."""
        mu, logvar = self.parameters_of(condition)
        return (z - mu) * torch.exp(-0.5 * logvar)

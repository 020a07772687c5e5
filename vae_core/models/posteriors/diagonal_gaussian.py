"""Gaussian codes whose dimensions are independent."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_core.batch import Noise
from vae_core.models.posteriors.base import Draw, Posterior
from vae_core.models.spaces import Euclidean
from vae_core.specs import NoiseSpec


class DiagonalGaussian(Posterior):
    """N(mu, diag exp logvar), with mu and logvar the two halves of the raw output (Kingma & Welling 2014, eq. 9-10)."""

    LOGVAR_RANGE = (-16.0, 8.0)
    """Range of logvar. Beyond it a single bad batch overflows exp(); no trained model here comes near its ends."""

    def __init__(self, latent: int):
        super().__init__()
        self.raw_size = 2 * latent
        self.space = Euclidean(latent)
        self.noise = (NoiseSpec("epsilon", (latent,), "normal"),)

    def parameters_of(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Mean `mu` and log variance `logvar`, each float32 (B, d)."""
        mu, logvar = raw.float().chunk(2, 1)
        return mu, logvar.clamp(*self.LOGVAR_RANGE)

    def draw(self, raw: Tensor, noise: Noise) -> Draw:
        """The mean and the noise times sigma (the reparametrisation trick). Raises ValueError where noise is missing."""
        if "epsilon" not in noise:
            raise ValueError("A Gaussian posterior draws its code: pass standard normal noise of shape (B, d).")
        epsilon = noise["epsilon"]
        mu, logvar = self.parameters_of(raw)
        log_q = -0.5 * (epsilon**2 + logvar + math.log(2 * math.pi)).sum(1)
        return Draw(mu + epsilon * torch.exp(0.5 * logvar), log_q)

    def mean(self, raw: Tensor) -> Tensor:
        """The mean `mu`, float32 (B, d)."""
        return self.parameters_of(raw)[0]

    def scale(self, raw: Tensor) -> Tensor:
        """Standard deviation of each dimension, float32 (B, d)."""
        return torch.exp(0.5 * self.parameters_of(raw)[1])

"""Gaussian codes whose dimensions depend on one another."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.batch import Noise
from vae_core.models.posteriors.base import Draw, Posterior
from vae_core.models.spaces import Euclidean
from vae_core.specs import NoiseSpec


class FullGaussian(Posterior):
    """N(mu, L L^T) with a lower-triangular factor L (Kingma & Welling 2019, section 2.5.1, algorithm 2).

    The raw output is mu, the logarithms of the squared diagonal of L, and the entries below its diagonal, row by row.
    """

    LOGVAR_RANGE = (-16.0, 8.0)
    """Range of the logarithm of a squared entry of the diagonal, as for the variances of `DiagonalGaussian`."""
    LARGEST = math.exp(LOGVAR_RANGE[1] / 2)
    """Largest size of an entry below the diagonal, which is that of an entry of the diagonal."""

    def __init__(self, latent: int):
        super().__init__()
        self.latent, self.below = latent, latent * (latent - 1) // 2
        self.raw_size = 2 * latent + self.below
        self.space = Euclidean(latent)
        self.noise = (NoiseSpec("epsilon", (latent,), "normal"),)

    def parameters_of(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean `mu` (B, d), logarithms of the squared diagonal of L (B, d), and L without its diagonal (B, d, d): float32."""
        mu, logvar, below = raw.float().split([self.latent, self.latent, self.below], 1)
        column = torch.arange(self.latent, device=raw.device)
        row = column[:, None]
        # Every other entry is the 0 that is put behind the last one.
        places = torch.where(column < row, row * (row - 1) // 2 + column, self.below)
        below = F.pad(below.clamp(-self.LARGEST, self.LARGEST), (0, 1))[:, places.flatten()]
        return mu, logvar.clamp(*self.LOGVAR_RANGE), below.unflatten(1, (self.latent, self.latent))

    def draw(self, raw: Tensor, noise: Noise) -> Draw:
        """The mean and the noise times L (the reparametrisation trick). Raises ValueError where noise is missing."""
        if "epsilon" not in noise:
            raise ValueError("A Gaussian posterior draws its code: pass standard normal noise of shape (B, d).")
        epsilon = noise["epsilon"]
        mu, logvar, below = self.parameters_of(raw)
        log_q = -0.5 * (epsilon**2 + logvar + math.log(2 * math.pi)).sum(1)
        return Draw(mu + epsilon * torch.exp(0.5 * logvar) + (below * epsilon[:, None]).sum(2), log_q)

    def mean(self, raw: Tensor) -> Tensor:
        """The mean `mu`, float32 (B, d)."""
        return self.parameters_of(raw)[0]

    def scale(self, raw: Tensor) -> Tensor:
        """Standard deviation of each dimension, whatever the others are, float32 (B, d)."""
        _, logvar, below = self.parameters_of(raw)
        return torch.sqrt(logvar.exp() + below.square().sum(2))

    def covariance(self, raw: Tensor) -> Tensor:
        """L L^T: (B, d, d)."""
        _, logvar, below = self.parameters_of(raw)
        factor = below + torch.diag_embed(torch.exp(0.5 * logvar))
        return factor @ factor.mT

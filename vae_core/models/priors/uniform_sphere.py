"""The uniform distribution on the unit sphere."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional

from vae_core.batch import Noise
from vae_core.models.priors.base import Prior
from vae_core.specs import NoiseSpec


class UniformSphere(Prior):
    """The uniform distribution on the unit vectors of R^d."""

    log_density: float
    """The log density of a code, log p(z), in nats: minus the logarithm of the area of the sphere."""

    def __init__(self, latent: int):
        super().__init__()
        self.noise = (NoiseSpec("direction", (latent,), "normal"),)
        self.log_density = math.lgamma(latent / 2) - math.log(2) - 0.5 * latent * math.log(math.pi)

    def log_prob(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """The log density of codes, a constant: (B,), nats."""
        return z.new_full((len(z),), self.log_density)

    def draw(self, noise: Noise, condition: Tensor | None = None) -> Tensor:
        """The directions of standard normal vectors, (B, d)."""
        return functional.normalize(noise["direction"], dim=1)

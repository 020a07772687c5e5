"""p(z): what codes are drawn from when no image is given."""

from __future__ import annotations

import abc
import math

import torch
from torch import Tensor, nn

from vae_core.config import PriorConfig


class Prior(nn.Module, abc.ABC):
    """A distribution over codes (B, d), under a condition `given` where the model has one."""

    @abc.abstractmethod
    def log_prob(self, z: Tensor, given: Tensor | None = None) -> Tensor:
        """log p(z): (B,), nats."""

    @abc.abstractmethod
    def sample(self, n: int, generator: torch.Generator | None = None, given: Tensor | None = None) -> Tensor:
        """n codes: (n, d)."""

    def kl_of_gaussian(self, mu: Tensor, logvar: Tensor, given: Tensor | None = None) -> Tensor | None:
        """KL(N(mu, diag exp logvar) || p) for each dimension, (B, d), or None where it has no closed form."""
        return None


class StandardNormal(Prior):
    """N(0, I)."""

    def __init__(self, latent: int):
        super().__init__()
        self.latent = latent

    def log_prob(self, z: Tensor, given: Tensor | None = None) -> Tensor:
        return -0.5 * (z**2 + math.log(2 * math.pi)).sum(1)

    def sample(self, n: int, generator: torch.Generator | None = None, given: Tensor | None = None) -> Tensor:
        return torch.randn(n, self.latent, generator=generator)

    def kl_of_gaussian(self, mu: Tensor, logvar: Tensor, given: Tensor | None = None) -> Tensor:
        """Kingma & Welling 2014, appendix B."""
        return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


PRIORS = {"normal": StandardNormal}


def build_prior(config: PriorConfig, latent: int) -> Prior:
    return PRIORS[config.kind](latent)

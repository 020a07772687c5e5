"""q(z|x): from the encoder's raw output to a `Latent`, the one thing that the rest of the model sees of a code."""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vae_core.config import PosteriorConfig
from vae_core.priors import Prior


@dataclass
class Latent:
    """A code drawn for each image, and what it costs; None where the posterior does not define it."""

    z: Tensor
    """(B, d)."""
    log_q: Tensor | None = None
    """log q(z|x): (B,), nats."""
    log_p: Tensor | None = None
    """log p(z): (B,), nats."""
    rate: Tensor | None = None
    """KL(q(z|x) || p(z)), exact where it has a closed form, else its estimate log q - log p: (B,), nats."""
    rate_by_group: Tensor | None = None
    """The same for each group (for a diagonal posterior a dimension): (B, groups)."""


class Posterior(nn.Module, abc.ABC):
    """A family of distributions over codes, one member for each row of raw parameters (B, raw_size)."""

    raw_size: int
    stochastic: bool
    """False: the code is a point, and rate, log_q and the ELBO are not defined."""

    @abc.abstractmethod
    def forward(self, raw: Tensor, prior: Prior, noise: Tensor | None = None, given: Tensor | None = None) -> Latent:
        """One code for each row; `noise` (B, d) is standard normal and needed where `stochastic`."""

    def exact_rate(self, raw: Tensor, prior: Prior, given: Tensor | None = None) -> Tensor | None:
        """KL(q(z|x) || p(z)) of each group, (B, groups), nats; None where it has no closed form."""
        return None

    @abc.abstractmethod
    def mean(self, raw: Tensor) -> Tensor:
        """The code that stands for the image: (B, d)."""

    @abc.abstractmethod
    def scale(self, raw: Tensor) -> Tensor | None:
        """Standard deviation of each dimension, (B, d), or None where there is none."""


class Deterministic(Posterior):
    """A plain autoencoder's code: a point."""

    stochastic = False

    def __init__(self, latent: int):
        super().__init__()
        self.raw_size = latent

    def forward(self, raw: Tensor, prior: Prior, noise: Tensor | None = None, given: Tensor | None = None) -> Latent:
        return Latent(raw.float())

    def mean(self, raw: Tensor) -> Tensor:
        return raw.float()

    def scale(self, raw: Tensor) -> None:
        return None


class DiagonalGaussian(Posterior):
    """N(mu, diag exp logvar), with mu and logvar the two halves of the raw output (Kingma & Welling 2014, eq. 9-10)."""

    stochastic = True
    LOGVAR_RANGE = (-16.0, 8.0)
    """Beyond these a single bad batch overflows exp(); no trained model here comes near them."""

    def __init__(self, latent: int):
        super().__init__()
        self.raw_size = 2 * latent

    def _split(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = raw.float().chunk(2, 1)
        return mu, logvar.clamp(*self.LOGVAR_RANGE)

    def forward(self, raw: Tensor, prior: Prior, noise: Tensor | None = None, given: Tensor | None = None) -> Latent:
        if noise is None:
            raise ValueError("A Gaussian posterior draws its code: pass standard normal noise of shape (B, d).")
        mu, logvar = self._split(raw)
        z = mu + noise * torch.exp(0.5 * logvar)
        log_q = -0.5 * (noise**2 + logvar + math.log(2 * math.pi)).sum(1)
        log_p = prior.log_prob(z, given)
        by_dimension = self.exact_rate(raw, prior, given)
        rate = log_q - log_p if by_dimension is None else by_dimension.sum(1)
        return Latent(z, log_q, log_p, rate, by_dimension)

    def exact_rate(self, raw: Tensor, prior: Prior, given: Tensor | None = None) -> Tensor | None:
        return prior.kl_of_gaussian(*self._split(raw), given)

    def mean(self, raw: Tensor) -> Tensor:
        return self._split(raw)[0]

    def scale(self, raw: Tensor) -> Tensor:
        return torch.exp(0.5 * self._split(raw)[1])


POSTERIORS = {"deterministic": Deterministic, "gaussian": DiagonalGaussian}


def build_posterior(config: PosteriorConfig, latent: int) -> Posterior:
    return POSTERIORS[config.kind](latent)

"""Pixels that are independent Gaussian variables."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vae_core.batch import Noise
from vae_core.models.likelihoods.base import Likelihood, summed


class Gaussian(Likelihood):
    """Independent Gaussian pixels of one standard deviation; their mean is the sigmoid of the raw output.

    With `learned`, sigma is a parameter of the model (the "sigma-VAE" of Rybkin, Daniilidis & Levine 2021): the balance of
    distortion and rate is then found by maximum likelihood and not by hand.
    """

    MIN_SIGMA = 1e-3
    raw_channels = 1
    noise = ()

    def __init__(self, sigma: float, learned: bool = False):
        super().__init__()
        self.learned = learned
        if learned:
            self.raw_sigma = nn.Parameter(torch.tensor(math.log(max(sigma - self.MIN_SIGMA, 1e-6))))
        # A fixed sigma belongs to the configuration; a copy of it among the weights could only disagree.
        self.fixed = math.log(sigma)

    def _log_sigma(self, device: torch.device | None = None) -> Tensor:
        if not self.learned:
            return torch.tensor(self.fixed, device=device)
        raw = self.raw_sigma.float()
        # A model that fits its data exactly would send sigma to 0 and the density to infinity. The floor is added: a clamp has
        # no gradient, and sigma could never rise again.
        return torch.logaddexp(raw, torch.full_like(raw, math.log(self.MIN_SIGMA)))

    @property
    def sigma(self) -> Tensor:
        """Standard deviation of a pixel, a scalar."""
        return self._log_sigma().exp()

    def target(self, x: Tensor, noise: Noise) -> Tensor:
        """The images themselves."""
        return x

    def log_prob(self, raw: Tensor, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """The log density of the pixels that were observed, (B,), nats."""
        log_sigma = self._log_sigma(raw.device)
        square = (x.float() - self.representative(raw)) ** 2
        entries = square[0].numel() if observed is None else observed.flatten(1).sum(1)
        normaliser = entries * (log_sigma + 0.5 * math.log(2 * math.pi))
        return -0.5 * summed(square, observed) * torch.exp(-2 * log_sigma) - normaliser

    def representative(self, raw: Tensor) -> Tensor:
        """The mean: the sigmoid of the raw output."""
        return torch.sigmoid(raw.float())

    def sample(self, raw: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The mean with independent noise of size sigma, which may leave [0, 1]."""
        mean = self.representative(raw)
        return mean + self.sigma.to(mean.device) * torch.randn(mean.shape, generator=generator, device=mean.device)

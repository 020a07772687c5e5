"""p(x|z): each likelihood owns the activation of the decoder's raw output, its normaliser, its mean and its samples.

Raw output has shape (B, raw_channels * C, H, W); images are float32 in [0, 1], (B, C, H, W). Figures are in nats, summed
over the pixels of one image: shape (B,). They are computed in float32 whatever the decoder ran in.
"""

from __future__ import annotations

import abc
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae_core.config import LikelihoodConfig


class Likelihood(nn.Module, abc.ABC):
    """A distribution over images given a decoder's raw output."""

    raw_channels: int = 1
    """Raw channels for each channel of the image."""

    def targets(self, x: Tensor, noise: Tensor | None) -> Tensor:
        """What the likelihood is of, for images x (B, C, H, W): x itself unless the pixels are drawn anew each time.

        `noise` is uniform in [0, 1) with the shape of x, and only read where `wants_noise`.
        """
        return x

    @property
    def wants_noise(self) -> bool:
        return False

    @abc.abstractmethod
    def log_prob(self, raw: Tensor, x: Tensor) -> Tensor:
        """log p(x|z) with its normaliser: (B,), nats."""

    @abc.abstractmethod
    def mean(self, raw: Tensor) -> Tensor:
        """E[x|z]: (B, C, H, W)."""

    @abc.abstractmethod
    def sample(self, raw: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """One draw from p(x|z): (B, C, H, W)."""


class Bernoulli(Likelihood):
    """Independent Bernoulli pixels; raw output is their logits (Kingma & Welling 2014, appendix C.1).

    A density only on binary pixels. On grey ones -log_prob is the cross-entropy of the grey value with the mean, a lower
    value of which is still better but which no other likelihood's figure may be compared with.
    """

    def __init__(self, binarize: bool = False):
        super().__init__()
        self.binarize = binarize

    @property
    def wants_noise(self) -> bool:
        return self.binarize

    def targets(self, x: Tensor, noise: Tensor | None) -> Tensor:
        if not self.binarize:
            return x
        if noise is None:
            raise ValueError("Binarised pixels are drawn: pass uniform noise of the images' shape.")
        return (noise < x).to(x.dtype)

    def log_prob(self, raw: Tensor, x: Tensor) -> Tensor:
        return -F.binary_cross_entropy_with_logits(raw.float(), x.float(), reduction="none").flatten(1).sum(1)

    def mean(self, raw: Tensor) -> Tensor:
        return torch.sigmoid(raw.float())

    def sample(self, raw: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return torch.bernoulli(self.mean(raw), generator=generator)


class Gaussian(Likelihood):
    """Independent Gaussian pixels of one standard deviation; their mean is the sigmoid of the raw output.

    With `learned`, sigma is a parameter of the model (the "sigma-VAE" of Rybkin, Daniilidis & Levine 2021): the balance of
    distortion and rate is then found by maximum likelihood and not by hand.
    """

    MIN_SIGMA = 1e-3

    def __init__(self, sigma: float, learned: bool = False):
        super().__init__()
        self.learned = learned
        if learned:
            self.raw_sigma = nn.Parameter(torch.tensor(math.log(max(sigma - self.MIN_SIGMA, 1e-6))))
        # A fixed sigma is the configuration's; a copy of it among the weights could only disagree.
        self.fixed = math.log(sigma)

    def _log_sigma(self, device: torch.device | None = None) -> Tensor:
        if not self.learned:
            return torch.tensor(self.fixed, device=device)
        raw = self.raw_sigma.float()
        # A model that fits its data exactly would send sigma to 0 and the density to infinity. The floor is added and not
        # clamped to, for a clamp has no gradient and sigma could never rise again.
        return torch.logaddexp(raw, torch.full_like(raw, math.log(self.MIN_SIGMA)))

    @property
    def sigma(self) -> Tensor:
        return self._log_sigma().exp()

    def log_prob(self, raw: Tensor, x: Tensor) -> Tensor:
        log_sigma = self._log_sigma(raw.device)
        square = ((x.float() - self.mean(raw)) ** 2).flatten(1)
        normaliser = square.shape[1] * (log_sigma + 0.5 * math.log(2 * math.pi))
        return -0.5 * square.sum(1) * torch.exp(-2 * log_sigma) - normaliser

    def mean(self, raw: Tensor) -> Tensor:
        return torch.sigmoid(raw.float())

    def sample(self, raw: Tensor, generator: torch.Generator | None = None) -> Tensor:
        mean = self.mean(raw)
        return mean + self.sigma.to(mean.device) * torch.randn(mean.shape, generator=generator, device=mean.device)


LIKELIHOODS = {
    "bernoulli": lambda c: Bernoulli(c.binarize),
    "gaussian": lambda c: Gaussian(c.sigma),
    "gaussian-learned": lambda c: Gaussian(c.sigma, learned=True),
}


def build_likelihood(config: LikelihoodConfig) -> Likelihood:
    return LIKELIHOODS[config.kind](config)

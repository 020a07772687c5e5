"""A model whose log p(x) is known exactly: z ~ N(0, I), x | z ~ N(W z + b, s^2 I)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vae_core.config import (
    BernoulliConfig,
    GaussianConfig,
    LikelihoodConfig,
    MLPConfig,
    ModelConfig,
    PosteriorConfig,
    ResidualConfig,
)
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.models.likelihoods import Gaussian
from vae_core.models.nets import Net

PIXELS, LATENT, SIGMA = 64, 2, 0.1


class IdentityGaussian(Gaussian):
    """The library's Gaussian without its sigmoid."""

    def representative(self, raw: Tensor) -> Tensor:
        return raw.float()


@dataclass
class LinearGaussian:
    model: Autoencoder
    x: Tensor
    """Images drawn from the model (and clipped to [0, 1]), (N, 1, 8, 8)."""
    log_p: np.ndarray
    """The exact log p(x), (N,)."""
    posterior_mean: Tensor
    """Of the exact p(z|x), (N, d)."""
    posterior_scale: Tensor
    """(d,)."""

    def set_posterior(self, shift: float, stretch: float) -> None:
        """Makes q(z|x) the exact posterior moved by `shift` of its standard deviations and `stretch` times as wide."""
        encoder = self.model.encoder.body[1]
        with torch.no_grad():
            encoder.bias[:LATENT] = self._bias + shift * self.posterior_scale
            encoder.bias[LATENT:] = 2 * torch.log(stretch * self.posterior_scale)


@pytest.fixture
def linear_gaussian() -> LinearGaussian:
    rng = np.random.default_rng(0)
    # Orthogonal columns make the exact posterior diagonal, and so one that the library's q can be.
    w = np.linalg.qr(rng.normal(size=(PIXELS, LATENT)))[0] * np.array([0.5, 0.2])
    b = np.full(PIXELS, 0.5)
    x = np.clip(rng.normal(size=(40, LATENT)) @ w.T + b + SIGMA * rng.normal(size=(40, PIXELS)), 0, 1).astype(np.float32)
    covariance = w @ w.T + SIGMA**2 * np.eye(PIXELS)
    away = x.astype(np.float64) - b
    log_p = -0.5 * (
        np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
        + np.linalg.slogdet(covariance)[1]
        + PIXELS * math.log(2 * math.pi)
    )
    variance = 1 / (1 + (w**2).sum(0) / SIGMA**2)
    to_mean = (w * variance).T / SIGMA**2

    config = ModelConfig.for_images((1, 8, 8), LATENT, MLPConfig(hidden=(4,)), likelihood=GaussianConfig(SIGMA))
    model = build_model(config)
    encoder, decoder = nn.Linear(PIXELS, 2 * LATENT), nn.Linear(LATENT, PIXELS)
    with torch.no_grad():
        decoder.weight.copy_(torch.from_numpy(w))
        decoder.bias.copy_(torch.from_numpy(b))
        encoder.weight.zero_()
        encoder.weight[:LATENT] = torch.from_numpy(to_mean)
    model.encoder = Net(nn.Sequential(nn.Flatten(), encoder))
    model.decoder = Net(nn.Sequential(decoder, nn.Unflatten(1, (1, 8, 8))))
    model.likelihood = IdentityGaussian(SIGMA)
    out = LinearGaussian(
        model,
        torch.from_numpy(x).reshape(-1, 1, 8, 8),
        log_p,
        torch.from_numpy(away @ to_mean.T),
        torch.from_numpy(np.sqrt(variance)).float(),
    )
    out._bias = torch.from_numpy(-to_mean @ b).float()
    out.set_posterior(0.0, 1.0)
    return out


@pytest.fixture
def tiny():
    """Builds a small model for 8 x 8 grey images, in evaluation mode, with the same weights each time."""

    def build(posterior: str = "gaussian", likelihood: LikelihoodConfig | None = None, latent: int = 3) -> Autoencoder:

        torch.manual_seed(0)
        net = ResidualConfig(channels=(4,), hidden=(8,))
        config = ModelConfig.for_images(
            (1, 8, 8), latent, net, PosteriorConfig.of(posterior), likelihood=likelihood or BernoulliConfig()
        )
        return build_model(config).eval()

    return build


@pytest.fixture
def images() -> Tensor:
    """23 grey images, uint8 (23, 1, 8, 8)."""
    return torch.randint(0, 256, (23, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))

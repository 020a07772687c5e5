"""One autoencoder, made of a net, a posterior, a prior, a likelihood and an objective."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from vae_core.batch import Batch, Noise, as_codes, as_images, scale
from vae_core.config import ModelConfig
from vae_core.likelihoods import build_likelihood
from vae_core.nets import build_decoder, build_encoder
from vae_core.objectives import Objective, Terms
from vae_core.posteriors import Latent, build_posterior
from vae_core.priors import build_prior
from vae_core.spaces import Euclidean, PathKind, Space

Images = np.ndarray | Tensor
SampleSource = Literal["prior", "codes"]


@dataclass
class Codes:
    """The posterior of each of N images."""

    mean: Tensor
    """(N, d)."""
    scale: Tensor | None
    """Standard deviation of each dimension, (N, d); None for a deterministic posterior."""
    rate: Tensor | None
    """KL(q(z|x) || p(z)): (N,), nats; None where it is not defined or has no closed form."""
    rate_by_group: Tensor | None
    """(N, groups), nats; None where the rate is."""


class Autoencoder(nn.Module):
    """Encoder, posterior, decoder and likelihood under one configuration.

    Inference takes numpy arrays or tensors, runs in evaluation mode without gradients in pieces of `batch_size`, and gives
    tensors on the CPU, so that memory is bounded whatever N is.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.posterior = build_posterior(config.posterior, config.latent)
        self.prior = build_prior(config.prior, config.latent)
        self.likelihood = build_likelihood(config.likelihood)
        self.objective = Objective(config.objective)
        self.encoder = build_encoder(config.image, self.posterior.raw_size, config.net)
        raw_channels = config.image[0] * self.likelihood.raw_channels
        self.decoder = build_decoder(config.latent, config.image, raw_channels, config.net)
        # A Gaussian of the training codes, the only thing that a plain autoencoder can be sampled from with sense.
        self.register_buffer("codes_mean", torch.zeros(config.latent))
        self.register_buffer("codes_covariance", torch.zeros(config.latent, config.latent))

    @property
    def device(self) -> torch.device:
        return self.codes_mean.device

    @property
    def space(self) -> Space:
        return Euclidean(self.config.latent)

    # Training

    def draw_noise(self, n: int, generator: torch.Generator | None = None) -> Noise:
        """The chance that `terms` needs for n images."""
        noise = Noise()
        if self.posterior.stochastic:
            noise.latent = torch.randn(n, self.config.latent, generator=generator, device=self.device)
        if self.likelihood.wants_noise:
            noise.pixels = torch.rand(n, *self.config.image, generator=generator, device=self.device)
        return noise

    def terms(self, batch: Batch, noise: Noise) -> Terms:
        """Distortion and rate of each image, (B,), in nats, from one code drawn for each."""
        target = self.likelihood.targets(batch.x, noise.pixels)
        latent = self.latent(target, noise.latent, batch.given)
        distortion = -self.likelihood.log_prob(self.decoder(latent.z, batch.given), target)
        return Terms(distortion, latent.rate, latent.rate_by_group)

    def latent(self, x: Tensor, noise: Tensor | None, given: Tensor | None = None) -> Latent:
        """A code drawn for each image x (B, C, H, W), float32."""
        return self.posterior(self.encoder(x, given), self.prior, noise, given)

    # Inference

    @contextmanager
    def inference(self) -> Iterator[None]:
        """Evaluation mode without gradients; the mode found, of each part, is put back."""
        training = [module for module in self.modules() if module.training]
        for module in training:
            module.training = False
        try:
            with torch.no_grad():
                yield
        finally:
            for module in training:
                module.training = True

    def _in_pieces(self, f: Callable[[Tensor], Tensor], x: Tensor, batch_size: int) -> Tensor:
        with self.inference():
            return torch.cat([f(p.to(self.device)).cpu() for p in x.split(batch_size)])

    def encode(self, x: Images, batch_size: int = 500) -> Codes:
        """The posterior of each image. Raises ValueError on images that are not of this model's shape and range."""
        x = as_images(x, self.config.image)
        if len(x) == 0:
            raise ValueError("There are no images to encode.")
        pieces = []
        with self.inference():
            for piece in x.split(batch_size):
                piece = piece.to(self.device)
                raw = self.encoder(scale(piece) if piece.dtype == torch.uint8 else piece)
                mean = self.posterior.mean(raw)
                by_group = self.posterior.exact_rate(raw, self.prior)
                rate = None if by_group is None else by_group.sum(1)
                pieces.append((mean, self.posterior.scale(raw), rate, by_group))
        return Codes(*(None if column[0] is None else torch.cat(column).cpu() for column in zip(*pieces, strict=True)))

    def decode(self, z: Images, batch_size: int = 500) -> Tensor:
        """E[x|z] for codes (N, d): float32 in [0, 1], (N, C, H, W)."""
        z = as_codes(z, self.config.latent)
        return self._in_pieces(self.mean_image, z, batch_size)

    def mean_image(self, z: Tensor) -> Tensor:
        """E[x|z] for codes (N, d) of this model's device, as it is just now: in its present mode, with gradients where they are
        on. (N, C, H, W); `decode` is this with all care taken."""
        return self.likelihood.mean(self.decoder(z))

    def reconstruct(self, x: Images, batch_size: int = 500) -> Tensor:
        """E[x|z] at the mean code of each image: float32 in [0, 1], (N, C, H, W)."""
        return self.decode(self.encode(x, batch_size).mean, batch_size)

    def sample_codes(self, n: int, source: SampleSource = "prior", seed: int = 0) -> Tensor:
        """n codes, (n, d): from the `prior`, or from a Gaussian fitted to the training `codes` (Ghosh et al. 2020, section 4).

        Only the prior is what a VAE was trained for; a plain autoencoder was trained for neither. Raises ValueError where
        no Gaussian has been fitted.
        """
        generator = torch.Generator().manual_seed(seed)
        if source == "prior":
            return self.prior.sample(n, generator)
        if source != "codes":
            raise ValueError(f"Samples come from 'prior' or 'codes', not {source!r}.")
        root = self.codes_root()
        noise = torch.randn(n, self.config.latent, generator=generator, dtype=torch.float64)
        return (self.codes_mean.cpu().double() + noise @ root.T).float()

    def codes_root(self) -> Tensor:
        """A root R of the covariance of the training codes, so that `codes_mean + R @ noise` has it: float64 (d, d).

        Raises ValueError where no Gaussian has been fitted.
        """
        covariance = self.codes_covariance.cpu().double()
        if not bool(covariance.diagonal().sum() > 0):
            raise ValueError("No Gaussian has been fitted to this model's codes; call fit_codes with training images first.")
        values, vectors = torch.linalg.eigh(covariance)
        return vectors * values.clamp(min=0).sqrt()

    def sample(self, n: int, source: SampleSource = "prior", seed: int = 0, batch_size: int = 500) -> Tensor:
        """E[x|z] at n codes from `sample_codes`: (n, C, H, W)."""
        return self.decode(self.sample_codes(n, source, seed), batch_size)

    def fit_codes(self, x: Images, batch_size: int = 500) -> None:
        """Keeps the mean and covariance of the codes of training images x, for `sample(..., source="codes")`."""
        codes = self.encode(x, batch_size).mean.double()
        self.codes_mean.copy_(codes.mean(0))
        self.codes_covariance.copy_(torch.cov(codes.T).reshape_as(self.codes_covariance))

    def traverse(self, z: Images, dimension: int, values: Images, batch_size: int = 500) -> Tensor:
        """The images of code z (d,) as one of its dimensions takes each of `values` (K,): (K, C, H, W)."""
        if not 0 <= dimension < self.config.latent:
            raise ValueError(f"Dimension {dimension} does not exist; this model has 0 to {self.config.latent - 1}.")
        values = torch.as_tensor(values, dtype=torch.float32).flatten()
        codes = self._one_code(z).repeat(len(values), 1)
        codes[:, dimension] = values
        return self.decode(codes, batch_size)

    def interpolate(self, a: Images, b: Images, steps: int = 9, path: PathKind = "linear") -> Tensor:
        """The images on the way from code a (d,) to code b (d,), both ends included: (steps, C, H, W)."""
        return self.decode(self.space.path(self._one_code(a)[0], self._one_code(b)[0], steps, path))

    def _one_code(self, z: Images) -> Tensor:
        codes = as_codes(z, self.config.latent)
        if len(codes) != 1:
            raise ValueError(f"There are {len(codes)} codes where one is wanted.")
        return codes

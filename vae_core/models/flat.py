"""A model of one latent vector: an encoder, a posterior, a prior, a decoder and a likelihood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vae_core.batch import Batch, Noise, as_codes, as_images, local
from vae_core.config import ModelConfig
from vae_core.models.base import LatentVariableModel
from vae_core.models.capabilities import Capabilities
from vae_core.models.kl import group_latent
from vae_core.models.latent import Latent
from vae_core.models.likelihoods import build_likelihood
from vae_core.models.nets import build_decoder, build_encoder
from vae_core.models.objectives import build_objective
from vae_core.models.posteriors import build_posterior
from vae_core.models.priors import build_prior
from vae_core.models.samplers import Sampler
from vae_core.models.spaces import PathKind, Space
from vae_core.specs import LatentGroup, LatentSpec

Images = np.ndarray | Tensor
IMAGE, LATENT = "image", "z"
"""Names of the field that is modelled and of the only group of the latent."""


@dataclass
class Codes:
    """The posterior of each of N images."""

    mean: Tensor
    """Codes that stand for the images, (N, d)."""
    scale: Tensor | None
    """Standard deviation of each dimension, (N, d); None for a deterministic posterior."""
    rate: Tensor | None
    """KL(q(z|x) || p(z)): (N,), nats; None where it is not defined or has no closed form."""
    rate_by_dimension: Tensor | None
    """The rate of each dimension, (N, d), nats; None where the rate is not a sum over dimensions."""


class Autoencoder(LatentVariableModel):
    """Encoder, posterior, decoder and likelihood under one configuration.

    Inference takes numpy arrays or tensors, runs in evaluation mode without gradients in pieces of `batch_size`, and gives
    tensors on the CPU, so that memory is bounded whatever N is.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.observation = config.observation
        image = config.observation.images[0]
        self.posterior = build_posterior(config.posterior, config.latent)
        self.latents = LatentSpec((LatentGroup(LATENT, (config.latent,), self.posterior.space),))
        self.prior = build_prior(config.prior, config.latent)
        self.likelihood = build_likelihood(config.likelihood, image)
        self.objective = build_objective(config.objective, self.prior, config.latent)
        self.encoder = build_encoder(config.image, self.posterior.raw_size, config.net)
        raw_channels = config.image[0] * self.likelihood.raw_channels
        self.decoder = build_decoder(config.latent, config.image, raw_channels, config.net)
        density = config.posterior.has_density
        self.capabilities = Capabilities(rate=density, density=density, prior=config.objective.samples_prior)
        self.latent_noise = tuple(spec.within(LATENT) for spec in self.posterior.noise)
        self.target_noise = tuple(spec.within(IMAGE) for spec in self.likelihood.noise)

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def space(self) -> Space:
        """The geometry of the codes."""
        return self.latents.groups[0].space

    def target(self, batch: Batch, noise: Noise) -> Batch:
        return batch.replace(image=self.likelihood.target(batch[IMAGE], local(noise, IMAGE)))

    def features(self, batch: Batch) -> dict[str, Tensor]:
        return {LATENT: self.encoder(batch[IMAGE])}

    def latent(self, features: Mapping[str, Tensor], noise: Noise | None) -> Latent:
        drawn_with = None if noise is None else local(noise, LATENT)
        group, terms = group_latent(self.posterior, features[LATENT], self.prior, drawn_with)
        return Latent({LATENT: group}, terms)

    def log_likelihood(self, codes: Mapping[str, Tensor], batch: Batch) -> Tensor:
        return self.likelihood.log_prob(self.decoder(codes[LATENT]), batch[IMAGE], batch.observed.get(IMAGE))

    def _in_pieces(self, f: Callable[[Tensor], Tensor], x: Tensor, batch_size: int) -> Tensor:
        with self.inference():
            return torch.cat([f(p.to(self.device)).cpu() for p in x.split(batch_size)])

    def batch(self, x: Images) -> Batch:
        """Images at rest as observations of this model. Raises ValueError on images of another shape or range."""
        return Batch({IMAGE: as_images(x, self.config.image)})

    def encode(self, x: Images, batch_size: int = 500) -> Codes:
        """The posterior of each image. Raises ValueError on images that are not of this model's shape and range, or on none."""
        batch = self.batch(x)
        if len(batch) == 0:
            raise ValueError("There are no images to encode.")
        pieces = []
        with self.inference():
            for piece in batch.split(batch_size):
                codes = self.encode_batch(piece.to(self.device).in_compute(self.observation))
                pieces.append((codes.mean, codes.scale, codes.rate, codes.rate_by_dimension))
        return Codes(*(None if column[0] is None else torch.cat(column).cpu() for column in zip(*pieces, strict=True)))

    def encode_batch(self, batch: Batch) -> Codes:
        """The posterior of observations as the model computes with them, on its device, in its present mode."""
        features = self.features(batch)
        group = self.latent(features, None).groups[LATENT]
        return Codes(group.z, self.posterior.scale(features[LATENT]), group.rate, group.rate_by_dimension)

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

    def sample(self, n: int, sampler: Sampler | None = None, seed: int = 0, batch_size: int = 500) -> Tensor:
        """E[x|z] at n codes drawn from `sampler`, or from the prior without one: (n, C, H, W).

        A plain autoencoder was not trained to decode draws from a prior; `FittedGaussian` is a sampler of codes like those of
        its training data.
        """
        return self.decode((sampler or self.prior).sample(n, torch.Generator().manual_seed(seed)), batch_size)

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

"""A model of one latent vector: an encoder, a posterior, a prior, a decoder and a likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vae_core.batch import Batch, Classes, Noise, Observations, as_classes, as_codes, as_images, in_compute, local
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
    """Standard deviation of each dimension, (N, d); None for a posterior that has none."""
    rate: Tensor | None
    """KL(q(z|x) || p(z)): (N,), nats; None where it is not defined or has no closed form."""
    rate_by_dimension: Tensor | None
    """The rate of each dimension, (N, d), nats; None where the rate is not a sum over dimensions."""


class Autoencoder(LatentVariableModel):
    """Encoder, posterior, decoder and likelihood under one configuration.

    Inference takes numpy arrays or tensors, runs in evaluation mode without gradients in pieces of `batch_size`, and gives
    tensors on the CPU, so that memory is bounded whatever N is. A model that is given the class of each observation takes it as
    `condition`, class numbers (N,) or one for all; ValueError says so where it is missing, out of range or not wanted. What
    takes images also takes a split of a data set or a `Batch`, which have the classes with them.
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
        self.given = config.condition
        self.conditions = {} if self.given is None else {self.given.name: self.given.count}
        width = sum(self.conditions.values())
        self.encoder = build_encoder(config.image, self.posterior.raw_size, config.net, width)
        raw_channels = config.image[0] * self.likelihood.raw_channels
        self.decoder = build_decoder(config.latent, config.image, raw_channels, config.net, width)
        density, prior = config.posterior.has_density, config.objective.samples_prior
        self.capabilities = Capabilities(rate=density, density=density, prior=prior, conditions=self.conditions)
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
        return {LATENT: self.encoder(batch[IMAGE], self.condition(batch))}

    def condition(self, batch: Batch) -> Tensor | None:
        """One-hot classes that condition the model, (B, K), or None for a model without a condition."""
        return None if self.given is None else in_compute(self.given, batch[self.given.name])

    def latent(self, features: Mapping[str, Tensor], noise: Noise | None) -> Latent:
        drawn_with = None if noise is None else local(noise, LATENT)
        group, terms = group_latent(self.posterior, features[LATENT], self.prior, drawn_with)
        return Latent({LATENT: group}, terms)

    def log_likelihood(self, codes: Mapping[str, Tensor], batch: Batch) -> Tensor:
        raw = self.decoder(codes[LATENT], self.condition(batch))
        return self.likelihood.log_prob(raw, batch[IMAGE], batch.observed.get(IMAGE))

    def batch(self, x: Images | Observations, condition: Classes | None = None) -> Batch:
        """Images at rest, with the class of each where the model is given it, as observations of this model. Raises ValueError
        on images of another shape or range, and on classes that are missing, out of range or not wanted."""
        fields = dict(x.fields) if isinstance(x, Observations) else {IMAGE: x}
        images = as_images(fields[IMAGE], self.config.image)
        if condition is None and self.given is not None:
            condition = fields.get(self.given.name)
        return Batch({IMAGE: images} | self._given(condition, len(images)), getattr(x, "observed", {}))

    def _given(self, condition: Classes | None, n: int) -> dict[str, Tensor]:
        """The field that the model is given, for n observations."""
        if self.given is None:
            if condition is not None:
                raise ValueError("This model is given no classes; leave out the condition.")
            return {}
        if condition is None:
            raise ValueError(
                f"This model is given the {self.given.name} of each image; give a condition from 0 to {self.given.count - 1}."
            )
        return {self.given.name: as_classes(condition, self.given.count, n)}

    def encode(self, x: Images | Observations, condition: Classes | None = None, batch_size: int = 500) -> Codes:
        """The posterior of each image. Raises ValueError on images that are not of this model's shape and range, or on none."""
        batch = self.batch(x, condition)
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

    def decode(self, z: Images, condition: Classes | None = None, batch_size: int = 500) -> Tensor:
        """E[x|z] for codes (N, d): float32 in [0, 1], (N, C, H, W)."""
        z = as_codes(z, self.config.latent)
        batch = Batch({LATENT: z} | self._given(condition, len(z)))
        with self.inference():
            pieces = (piece.to(self.device) for piece in batch.split(batch_size))
            return torch.cat([self.mean_image(piece[LATENT], self.condition(piece)).cpu() for piece in pieces])

    def mean_image(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """E[x|z] for codes (N, d) of this model's device, as it is just now: in its present mode, with gradients where they are
        on. (N, C, H, W); `decode` is this with all care taken. condition: one-hot (N, K), where the model is given a class."""
        return self.likelihood.mean(self.decoder(z, condition))

    def reconstruct(self, x: Images | Observations, condition: Classes | None = None, batch_size: int = 500) -> Tensor:
        """E[x|z] at the mean code of each image: float32 in [0, 1], (N, C, H, W)."""
        batch = self.batch(x, condition)
        classes = None if self.given is None else batch[self.given.name]
        return self.decode(self.encode(batch, batch_size=batch_size).mean, classes, batch_size)

    def sample(
        self,
        n: int,
        sampler: Sampler | None = None,
        seed: int = 0,
        batch_size: int = 500,
        *,
        condition: Classes | None = None,
    ) -> Tensor:
        """E[x|z] at n codes drawn from `sampler`, or from the prior without one: (n, C, H, W).

        A plain autoencoder was not trained to decode draws from a prior; `FittedGaussian` is a sampler of codes like those of
        its training data.
        """
        codes = (sampler or self.prior).sample(n, torch.Generator().manual_seed(seed))
        return self.decode(codes, condition, batch_size)

    def traverse(
        self, z: Images, dimension: int, values: Images, batch_size: int = 500, *, condition: Classes | None = None
    ) -> Tensor:
        """The images of code z (d,) as one of its dimensions takes each of `values` (K,): (K, C, H, W)."""
        if not 0 <= dimension < self.config.latent:
            raise ValueError(f"Dimension {dimension} does not exist; this model has 0 to {self.config.latent - 1}.")
        values = torch.as_tensor(values, dtype=torch.float32).flatten()
        return self.decode(self.space.move(self._one_code(z)[0], dimension, values), condition, batch_size)

    def interpolate(
        self, a: Images, b: Images, steps: int = 9, path: PathKind = "linear", *, condition: Classes | None = None
    ) -> Tensor:
        """The images on the way from code a (d,) to code b (d,), both ends included: (steps, C, H, W)."""
        return self.decode(self.space.path(self._one_code(a)[0], self._one_code(b)[0], steps, path), condition)

    def _one_code(self, z: Images) -> Tensor:
        codes = as_codes(z, self.config.latent)
        if len(codes) != 1:
            raise ValueError(f"There are {len(codes)} codes where one is wanted.")
        return codes

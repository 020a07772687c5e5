"""A model of one grid of codes, each of which names a vector of a codebook."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn

from vae_core.batch import Batch, Noise, local
from vae_core.config import GridConfig, ModelConfig
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.kl import group_latent
from vae_core.models.latent import Latent
from vae_core.models.likelihoods import build_likelihood
from vae_core.models.nets.grid import build_grid_decoder, build_grid_encoder
from vae_core.models.objectives import build_objective
from vae_core.models.posteriors import VectorQuantized, build_posterior
from vae_core.models.priors import build_prior
from vae_core.specs import LatentGroup, LatentSpec

LATENT = "z"
"""Name of the only group of the latent."""


@final
class GridAutoencoder(Autoencoder):
    """A grid of codes z stands for an observation x: q(z|x), p(z) and p(x|z).

    The decoder takes the vectors of the codes (van den Oord, Vinyals & Kavukcuoglu 2017).

    Codes are whole numbers, int64 (B, h, w). In training they are their vectors, (B, width, h, w), which have a gradient. A
    condition is joined to images and to vectors as further channels, each the same everywhere.
    """

    def __init__(self, config: ModelConfig):
        super().__init__(config)
        structure = typing.cast(GridConfig, config.structure)
        grid, (channels, height, width) = structure.grid, config.image
        self.posterior = build_posterior(config.posterior, structure)
        self.latents = LatentSpec((LatentGroup(LATENT, grid, self.posterior.space),))
        self.prior = build_prior(config.prior, structure)
        self.likelihood = build_likelihood(config.likelihood, self.modelled)
        self.objective = build_objective(config.objective, self.prior, config.code_size)
        given, size = sum(self.conditions.values()), self.posterior.raw_size
        self.encoder = build_grid_encoder((channels + given, height, width), size, grid, config.net)
        raw_channels = channels * self.likelihood.raw_channels
        self.decoder = build_grid_decoder(size + given, grid, config.image, raw_channels, config.net)
        self.latent_noise = tuple(spec.within(LATENT) for spec in self.posterior.noise)
        self.target_noise = tuple(spec.within(self.modelled.name) for spec in self.likelihood.noise)
        self.detail_size = 0

    @property
    def inference_modules(self) -> tuple[nn.Module, ...]:
        """The encoder and the posterior with its codebook."""
        return self.encoder, self.posterior

    @property
    def generative_modules(self) -> tuple[nn.Module, ...]:
        """The prior, the decoder and the likelihood."""
        return self.prior, self.decoder, self.likelihood

    def features(self, batch: Batch) -> dict[str, Tensor]:
        """The encoder's output at each place, (B, width, h, w)."""
        return {LATENT: self.encoder(_joined(batch[self.modelled.name], self.condition(batch)))}

    def latent(self, features: Mapping[str, Tensor], noise: Noise | None) -> Latent:
        """The grid of each observation, with its rate and the terms of the codebook."""
        drawn_with = None if noise is None else local(noise, LATENT)
        group, terms = group_latent(self.posterior, features[LATENT], self.prior, drawn_with)
        return Latent({LATENT: group}, terms)

    def complete(self, z: Tensor, details: Tensor | None = None, condition: Tensor | None = None) -> dict[str, Tensor]:
        """The grid alone, because there is no group below it."""
        return {LATENT: z}

    def raw(self, codes: Mapping[str, Tensor], condition: Tensor | None = None, x: Tensor | None = None) -> Tensor:
        """The decoder's output for a grid, or for the vectors of one."""
        z = codes[LATENT]
        vectors = z if z.is_floating_point() else typing.cast(VectorQuantized, self.posterior).vectors(z)
        return self.decoder(_joined(vectors, condition))


def _joined(maps: Tensor, condition: Tensor | None) -> Tensor:
    """Maps (B, C, h, w) with a condition (B, K) as further channels."""
    if condition is None:
        return maps
    return torch.cat([maps, condition[:, :, None, None].expand(-1, -1, *maps.shape[2:])], 1)

"""A model of one group of codes: an encoder, a posterior, a prior, a decoder and a likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor, nn

from vae_core.batch import Batch, Noise, local
from vae_core.config import ModelConfig
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.kl import group_latent
from vae_core.models.latent import Latent
from vae_core.models.likelihoods import build_likelihood
from vae_core.models.nets import build_decoder, build_encoder
from vae_core.models.objectives import build_objective
from vae_core.models.posteriors import build_posterior
from vae_core.models.priors import build_prior
from vae_core.specs import LatentGroup, LatentSpec

LATENT = "z"
"""Name of the only group of the latent."""


@final
class FlatAutoencoder(Autoencoder):
    """One vector z stands for an observation x: q(z|x), p(z) and p(x|z) (Kingma & Welling 2014)."""

    def __init__(self, config: ModelConfig):
        super().__init__(config)
        latent = config.latent
        self.posterior = build_posterior(config.posterior, latent)
        self.latents = LatentSpec((LatentGroup(LATENT, (latent,), self.posterior.space),))
        self.prior = build_prior(config.prior, latent)
        self.likelihood = build_likelihood(config.likelihood, self.modelled)
        self.objective = build_objective(config.objective, self.prior, latent)
        width = sum(self.conditions.values())
        self.encoder = build_encoder(self.modelled, self.posterior.raw_size, config.net, width)
        self.decoder = build_decoder(latent, self.modelled, self.likelihood.raw_channels, config.net, width)
        self.latent_noise = tuple(spec.within(LATENT) for spec in self.posterior.noise)
        self.target_noise = tuple(spec.within(self.modelled.name) for spec in self.likelihood.noise)
        self.detail_size = 0

    @property
    def inference_modules(self) -> tuple[nn.Module, ...]:
        """The encoder and the posterior."""
        return self.encoder, self.posterior

    @property
    def generative_modules(self) -> tuple[nn.Module, ...]:
        """The prior, the decoder and the likelihood."""
        return self.prior, self.decoder, self.likelihood

    def features(self, batch: Batch) -> dict[str, Tensor]:
        """The encoder's output, (B, raw_size of the posterior)."""
        return {LATENT: self.encoder(batch[self.modelled.name], self.condition(batch))}

    def latent(self, features: Mapping[str, Tensor], noise: Noise | None) -> Latent:
        """The code of each observation, with its rate."""
        drawn_with = None if noise is None else local(noise, LATENT)
        group, terms = group_latent(self.posterior, features[LATENT], self.prior, drawn_with)
        return Latent({LATENT: group}, terms)

    def complete(self, z: Tensor, details: Tensor | None = None, condition: Tensor | None = None) -> dict[str, Tensor]:
        """The code alone, because there is no group below it."""
        return {LATENT: z}

    def raw(self, codes: Mapping[str, Tensor], condition: Tensor | None = None, x: Tensor | None = None) -> Tensor:
        """The decoder's output for the code."""
        return self.decoder(codes[LATENT], condition, x)

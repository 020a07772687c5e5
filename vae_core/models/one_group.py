"""A model whose codes are one group: what does not depend on the shape of a code."""

from __future__ import annotations

import abc
from collections.abc import Mapping

from torch import Tensor, nn

from vae_core.batch import Noise, local
from vae_core.config import GridConfig, ModelConfig
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.kl import group_latent
from vae_core.models.latent import Latent
from vae_core.models.likelihoods import build_likelihood
from vae_core.models.objectives import build_objective
from vae_core.models.posteriors import build_posterior
from vae_core.models.priors import build_prior
from vae_core.specs import LatentGroup, LatentSpec

LATENT = "z"
"""Name of the only group of the latent."""


class OneGroupAutoencoder(Autoencoder, abc.ABC):
    """One group of codes z stands for an observation x: q(z|x), p(z) and p(x|z). A subclass adds encoder and decoder."""

    def __init__(self, config: ModelConfig, code: int | GridConfig):
        """Builds all parts but the nets, for codes that are vectors of a number of dimensions, or a grid."""
        super().__init__(config)
        self.posterior = build_posterior(config.posterior, code)
        self.latents = LatentSpec((LatentGroup(LATENT, config.structure.code_shape, self.posterior.space),))
        self.prior = build_prior(config.prior, code)
        self.likelihood = build_likelihood(config.likelihood, self.modelled)
        self.objective = build_objective(config.objective, self.prior, config.code_size)
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

    def latent(self, features: Mapping[str, Tensor], noise: Noise | None) -> Latent:
        """The code of each observation, with its rate and the terms of the posterior."""
        drawn_with = None if noise is None else local(noise, LATENT)
        group, terms = group_latent(self.posterior, features[LATENT], self.prior, drawn_with)
        return Latent({LATENT: group}, terms)

    def complete(self, z: Tensor, details: Tensor | None = None, condition: Tensor | None = None) -> dict[str, Tensor]:
        """The code alone, because there is no group below it."""
        return {LATENT: z}

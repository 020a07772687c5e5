"""A model of two groups of codes, of which the lower one is given the upper one in both q and p."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn

from vae_core.batch import Batch, Noise, local
from vae_core.config import ModelConfig, TwoLayerConfig
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.kl import group_latent
from vae_core.models.latent import Latent
from vae_core.models.likelihoods import build_likelihood
from vae_core.models.nets import build_decoder, build_encoder
from vae_core.models.nets.mlp import layers
from vae_core.models.objectives import build_objective
from vae_core.models.posteriors import build_posterior
from vae_core.models.priors import ConditionalNormal, build_prior
from vae_core.specs import LatentGroup, LatentSpec

TOP, LOWER, GIVEN = "top", "lower", "given"
"""Names of the two groups, and of the condition among features."""


@final
class TwoLayerAutoencoder(Autoencoder):
    """q(z2|x) q(z1|x, z2), p(z2) p(z1|z2) and p(x|z1, z2), where z2 is the top code.

    Inference goes from the top down, as generation does (Sønderby et al. 2016; Kingma et al. 2016, section 4).
    The encoder runs once: it gives the raw parameters of q(z2|x), and features that q(z1|x, z2) reads beside z2.
    """

    def __init__(self, config: ModelConfig):
        super().__init__(config)
        structure = typing.cast(TwoLayerConfig, config.structure)
        top, lower, hidden = structure.latent, structure.lower, structure.lower_hidden
        self.posterior, self.lower_posterior = (build_posterior(config.posterior, size) for size in (top, lower))
        self.latents = LatentSpec(
            (LatentGroup(TOP, (top,), self.posterior.space), LatentGroup(LOWER, (lower,), self.lower_posterior.space))
        )
        given = sum(self.conditions.values())
        self.prior, self.lower_prior = build_prior(config.prior, top), ConditionalNormal(lower)
        self.lower_prior_net = layers([top + given, *hidden, 2 * lower])
        self.likelihood = build_likelihood(config.likelihood, self.modelled)
        self.objective = build_objective(config.objective, self.prior, top)
        self.encoder = build_encoder(self.modelled, self.posterior.raw_size + hidden[0], config.net, given)
        self.lower_encoder = layers([hidden[0] + top + given, *hidden, self.lower_posterior.raw_size])
        self.decoder = build_decoder(top + lower, self.modelled, self.likelihood.raw_channels, config.net, given)
        self.latent_noise = tuple(spec.within(TOP) for spec in self.posterior.noise)
        self.latent_noise += tuple(spec.within(LOWER) for spec in self.lower_posterior.noise)
        self.target_noise = tuple(spec.within(self.modelled.name) for spec in self.likelihood.noise)
        self.detail_size = lower

    @property
    def inference_modules(self) -> tuple[nn.Module, ...]:
        """The encoders and posteriors of both groups."""
        return self.encoder, self.posterior, self.lower_encoder, self.lower_posterior

    @property
    def generative_modules(self) -> tuple[nn.Module, ...]:
        """The priors of both groups with the net of the lower one, the decoder and the likelihood."""
        return self.prior, self.lower_prior, self.lower_prior_net, self.decoder, self.likelihood

    def features(self, batch: Batch) -> dict[str, Tensor]:
        """The encoder's output for each group, with the condition where there is one."""
        condition = self.condition(batch)
        raw = self.encoder(batch[self.modelled.name], condition)
        top, lower = raw.tensor_split([self.posterior.raw_size], 1)
        return {TOP: top, LOWER: lower} | ({} if condition is None else {GIVEN: condition})

    def latent(self, features: Mapping[str, Tensor], noise: Noise | None) -> Latent:
        """The top code, and the lower one given it, each with its rate."""
        upper_noise, lower_noise = (None if noise is None else local(noise, name) for name in (TOP, LOWER))
        top, terms = group_latent(self.posterior, features[TOP], self.prior, upper_noise)
        above = _joined(top.z, features.get(GIVEN))
        raw = self.lower_encoder(torch.cat([features[LOWER], above], 1))
        given = self.lower_prior_net(above)
        lower, further = group_latent(self.lower_posterior, raw, self.lower_prior, lower_noise, given)
        terms |= {name: value + terms[name] if name in terms else value for name, value in further.items()}
        details = self.lower_prior.standardised(lower.z, given) if noise is None else None
        return Latent({TOP: top, LOWER: lower}, terms, details)

    def complete(self, z: Tensor, details: Tensor | None = None, condition: Tensor | None = None) -> dict[str, Tensor]:
        """The top code, and a lower one at its prior's mean or at standard normal `details` (B, d)."""
        given = self.lower_prior_net(_joined(z, condition))
        if details is None:
            return {TOP: z, LOWER: self.lower_prior.parameters_of(given)[0]}
        return {TOP: z, LOWER: self.lower_prior.draw({"z": details}, given)}

    def raw(self, codes: Mapping[str, Tensor], condition: Tensor | None = None, x: Tensor | None = None) -> Tensor:
        """The decoder's output for both codes."""
        return self.decoder(torch.cat([codes[TOP], codes[LOWER]], 1), condition, x)


def _joined(z: Tensor, condition: Tensor | None) -> Tensor:
    return z if condition is None else torch.cat([z, condition], 1)

"""A model of one latent vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from vae_core.batch import Batch
from vae_core.config import ModelConfig
from vae_core.models.nets import build_decoder, build_encoder
from vae_core.models.one_group import LATENT, OneGroupAutoencoder


@final
class FlatAutoencoder(OneGroupAutoencoder):
    """One vector z stands for an observation x (Kingma & Welling 2014)."""

    def __init__(self, config: ModelConfig):
        super().__init__(config, config.latent)
        width = sum(self.conditions.values())
        self.encoder = build_encoder(self.modelled, self.posterior.raw_size, config.net, width)
        self.decoder = build_decoder(config.latent, self.modelled, self.likelihood.raw_channels, config.net, width)

    def features(self, batch: Batch) -> dict[str, Tensor]:
        """The encoder's output, (B, raw_size of the posterior)."""
        return {LATENT: self.encoder(batch[self.modelled.name], self.condition(batch))}

    def raw(self, codes: Mapping[str, Tensor], condition: Tensor | None = None, x: Tensor | None = None) -> Tensor:
        """The decoder's output for the code."""
        return self.decoder(codes[LATENT], condition, x)

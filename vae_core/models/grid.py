"""A model of one grid of codes, each of which names a vector of a codebook."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from vae_core.batch import Batch
from vae_core.config import GridConfig, ModelConfig
from vae_core.models.nets.grid import build_grid_decoder, build_grid_encoder
from vae_core.models.one_group import LATENT, OneGroupAutoencoder
from vae_core.models.posteriors import VectorQuantized


@final
class GridAutoencoder(OneGroupAutoencoder):
    """A grid of codes z stands for an observation x, and the decoder takes the vectors of the codes.

    The source is van den Oord, Vinyals & Kavukcuoglu 2017. Codes are whole numbers, int64 (B, h, w). In training they are their
    vectors, (B, width, h, w), which have a gradient. A condition is joined to images and to vectors as further channels, each
    the same everywhere.
    """

    def __init__(self, config: ModelConfig):
        structure = typing.cast(GridConfig, config.structure)
        super().__init__(config, structure)
        channels, height, width = config.image
        given, size = sum(self.conditions.values()), self.posterior.raw_size
        self.encoder = build_grid_encoder((channels + given, height, width), size, structure.grid, config.net)
        raw_channels = channels * self.likelihood.raw_channels
        self.decoder = build_grid_decoder(size + given, structure.grid, config.image, raw_channels, config.net)

    def features(self, batch: Batch) -> dict[str, Tensor]:
        """The encoder's output at each place, (B, width, h, w)."""
        return {LATENT: self.encoder(_joined(batch[self.modelled.name], self.condition(batch)))}

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

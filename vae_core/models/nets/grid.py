"""Encoders and decoders whose codes are a grid: images to numbers at each place of the grid, and back.

Convolutional nets keep the grid: a place of it sees one part of the image. Other nets see the whole image at every place.
"""

from __future__ import annotations

import math
from typing import Any

from torch import nn

from vae_core.config import ConvConfig, NetConfig, ResidualConfig
from vae_core.config.structures import grid_of
from vae_core.models.nets import LAYERS, conv, residual

CONVOLUTIONAL: dict[type[NetConfig], Any] = {ConvConfig: conv, ResidualConfig: residual}
"""Modules with `grid_encoder` and `grid_decoder` of kinds of nets that halve the image."""


def build_grid_encoder(image: tuple[int, int, int], out: int, grid: tuple[int, int], config: NetConfig) -> nn.Sequential:
    """Images (B, C, H, W) to `out` raw parameters at each place of a grid, (B, out, *grid)."""
    if grid_of(image, config) is not None:
        return CONVOLUTIONAL[type(config)].grid_encoder(image, out, config)
    return nn.Sequential(*LAYERS[type(config)].encoder(image, out * math.prod(grid), config, 0), nn.Unflatten(1, (out, *grid)))


def build_grid_decoder(
    width: int, grid: tuple[int, int], image: tuple[int, int, int], out_channels: int, config: NetConfig
) -> nn.Sequential:
    """Numbers at each place of a grid (B, width, *grid) to raw parameters (B, out_channels, H, W)."""
    if grid_of(image, config) is not None:
        return CONVOLUTIONAL[type(config)].grid_decoder(width, image, out_channels, config)
    return nn.Sequential(nn.Flatten(), *LAYERS[type(config)].decoder(width * math.prod(grid), image, out_channels, config))

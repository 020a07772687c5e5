"""Convolutions that halve the image, then fully connected layers; the decoder is the mirror image.

The norm and SiLU stand before every layer but the first (He et al. 2016, "Identity mappings"), so that `residual` is this net
with blocks put in and nothing else changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

from torch import nn

from vae_core.config import ConvConfig, ResidualConfig

Config = ConvConfig | ResidualConfig
Blocks = Callable[[int], list[nn.Module]]


def _none(width: int) -> list[nn.Module]:
    return []


def activation(config: Config, width: int, norm: type[nn.Module] = nn.BatchNorm2d) -> list[nn.Module]:
    """The norm and activation before a layer that takes `width` features."""
    return [norm(width), nn.SiLU()] if config.norm == "batch" else [nn.SiLU()]


def sizes(side: int, halvings: int) -> list[int]:
    """The side of the image after each halving, the whole image first."""
    return [side >> k for k in range(halvings + 1)]


def encoder(
    image: tuple[int, int, int],
    out: int,
    config: Config,
    condition: int = 0,
    conv_blocks: Blocks = _none,
    dense_blocks: Blocks = _none,
) -> nn.Sequential:
    """Layers from images (C, H, W) to `out` numbers."""
    channels, height, width = image
    layers = [*_halving(channels, config, conv_blocks), nn.Flatten()]
    n = len(config.channels)
    flat = (config.channels[-1] if n else channels) * sizes(height, n)[-1] * sizes(width, n)[-1]
    for a, b in pairwise([flat + condition, *config.hidden]):
        layers += [nn.Linear(a, b), *dense_blocks(b), *activation(config, b, nn.BatchNorm1d)]
    return nn.Sequential(*layers, nn.Linear(config.hidden[-1], out))


def decoder(
    latent: int,
    image: tuple[int, int, int],
    out_channels: int,
    config: Config,
    conv_blocks: Blocks = _none,
    dense_blocks: Blocks = _none,
) -> nn.Sequential:
    """Layers from codes of `latent` dimensions to images with `out_channels` raw channels."""
    _, height, width = image
    layers: list[nn.Module] = []
    for a, b in pairwise([latent, *config.hidden[::-1]]):
        layers += [nn.Linear(a, b), *dense_blocks(b), *activation(config, b, nn.BatchNorm1d)]
    n = len(config.channels)
    heights, widths = sizes(height, n), sizes(width, n)
    first = (config.channels[-1] if n else out_channels, heights[-1], widths[-1])
    layers += [nn.Linear(config.hidden[0], math.prod(first)), nn.Unflatten(1, first)]
    return nn.Sequential(*layers, *_doubling(image, out_channels, config, conv_blocks))


def grid_encoder(image: tuple[int, int, int], out: int, config: Config, conv_blocks: Blocks = _none) -> nn.Sequential:
    """Layers from images (C, H, W) to `out` numbers at each place of the smallest feature maps."""
    return nn.Sequential(*_halving(image[0], config, conv_blocks), nn.Conv2d(config.channels[-1], out, 1))


def grid_decoder(
    width: int, image: tuple[int, int, int], out_channels: int, config: Config, conv_blocks: Blocks = _none
) -> nn.Sequential:
    """Layers from `width` numbers at each place of the smallest feature maps to images (C, H, W) with raw channels."""
    first = nn.Conv2d(width, config.channels[-1], 1)
    return nn.Sequential(first, *_doubling(image, out_channels, config, conv_blocks))


def _halving(channels: int, config: Config, conv_blocks: Blocks) -> list[nn.Module]:
    """Layers from the image to the smallest feature maps, with the norm and activation behind the last one."""
    layers: list[nn.Module] = []
    for a, b in pairwise([channels, *config.channels]):
        if layers:
            layers += activation(config, a)
        layers += [nn.Conv2d(a, b, 4, 2, 1), *conv_blocks(b)]
    return layers + activation(config, config.channels[-1]) if layers else layers


def _doubling(image: tuple[int, int, int], out_channels: int, config: Config, conv_blocks: Blocks) -> list[nn.Module]:
    """Layers from the smallest feature maps to the image."""
    n = len(config.channels)
    heights, widths = (sizes(side, n) for side in image[1:])
    layers: list[nn.Module] = []
    for k, (a, b) in enumerate(pairwise([*config.channels[::-1], out_channels] if n else [])):
        # An odd side lost its last row when it was halved; output padding gives it back.
        odd = (heights[n - k - 1] % 2, widths[n - k - 1] % 2)
        layers += [*conv_blocks(a), *activation(config, a), nn.ConvTranspose2d(a, b, 4, 2, 1, output_padding=odd)]
    return layers

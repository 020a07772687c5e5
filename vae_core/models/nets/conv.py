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
    layers: list[nn.Module] = []
    for a, b in pairwise([channels, *config.channels]):
        if layers:
            layers += activation(config, a)
        layers += [nn.Conv2d(a, b, 4, 2, 1), *conv_blocks(b)]
    n = len(config.channels)
    features = channels
    if n:
        features = config.channels[-1]
        layers += activation(config, features)
    layers.append(nn.Flatten())
    flat = features * sizes(height, n)[-1] * sizes(width, n)[-1]
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
    for k, (a, b) in enumerate(pairwise([*config.channels[::-1], out_channels] if n else [])):
        # An odd side lost its last row when it was halved; output padding gives it back.
        odd = (heights[n - k - 1] % 2, widths[n - k - 1] % 2)
        layers += [*conv_blocks(a), *activation(config, a), nn.ConvTranspose2d(a, b, 4, 2, 1, output_padding=odd)]
    return nn.Sequential(*layers)

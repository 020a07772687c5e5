"""Fully connected layers with ReLU between them, as in the first VAEs (Kingma & Welling 2014, appendix C)."""

from __future__ import annotations

import math
from itertools import pairwise

from torch import nn

from vae_core.config import MLPConfig


def _layers(widths: list[int]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for a, b in pairwise(widths):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return layers[:-1]


def encoder(image: tuple[int, int, int], out: int, config: MLPConfig, condition: int = 0) -> nn.Sequential:
    """Layers from images (C, H, W) to `out` numbers."""
    return nn.Sequential(nn.Flatten(), *_layers([math.prod(image) + condition, *config.hidden, out]))


def decoder(latent: int, image: tuple[int, int, int], out_channels: int, config: MLPConfig) -> nn.Sequential:
    """Layers from codes of `latent` dimensions to images with `out_channels` raw channels."""
    shape = (out_channels, *image[1:])
    return nn.Sequential(*_layers([latent, *config.hidden[::-1], math.prod(shape)]), nn.Unflatten(1, shape))

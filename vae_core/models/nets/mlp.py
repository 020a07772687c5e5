"""Fully connected layers with ReLU between them, as in the first VAEs (Kingma & Welling 2014, appendix C)."""

from __future__ import annotations

import math
from itertools import pairwise

from torch import nn

from vae_core.config import MLPConfig


def layers(widths: list[int]) -> nn.Sequential:
    """Fully connected layers of these widths, the input's first, with ReLU between them."""
    found: list[nn.Module] = []
    for a, b in pairwise(widths):
        found += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*found[:-1])


def encoder(image: tuple[int, int, int], out: int, config: MLPConfig, condition: int = 0) -> nn.Sequential:
    """Layers from images (C, H, W) to `out` numbers."""
    return nn.Sequential(nn.Flatten(), *layers([math.prod(image) + condition, *config.hidden, out]))


def decoder(latent: int, image: tuple[int, int, int], out_channels: int, config: MLPConfig) -> nn.Sequential:
    """Layers from codes of `latent` dimensions to images with `out_channels` raw channels."""
    shape = (out_channels, *image[1:])
    return nn.Sequential(*layers([latent, *config.hidden[::-1], math.prod(shape)]), nn.Unflatten(1, shape))

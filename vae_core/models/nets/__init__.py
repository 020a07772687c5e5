"""Encoders and decoders: features to raw parameters, and codes to raw parameters, with no activation of the output.

Each kind is a module with `encoder(image, out, config, condition)` and `decoder(latent, image, out_channels, config)`, both
returning an `nn.Sequential` of layers whose functions `vae_core.export` knows, so that every net also runs in the browser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from vae_core.config import ConvConfig, MLPConfig, NetConfig, ResidualConfig
from vae_core.models.nets import conv, mlp, residual


class NetModule(Protocol):
    """A module that builds the layers of one kind of net."""

    encoder: Callable[[tuple[int, int, int], int, Any, int], nn.Sequential]
    """Layers from images (C, H, W) to a number of outputs, with a condition of so many numbers after the first `nn.Flatten`."""
    decoder: Callable[[int, tuple[int, int, int], int, Any], nn.Sequential]
    """Layers from codes of a number of dimensions to images (C, H, W) with a number of raw channels."""


NETS: dict[type[NetConfig], NetModule] = {MLPConfig: mlp, ConvConfig: conv, ResidualConfig: residual}


class Net(nn.Module):
    """Layers in a row. A condition (B, K) is appended to the vectors that the layer at index `joined_at` takes."""

    def __init__(self, body: nn.Sequential, joined_at: int = 0):
        super().__init__()
        self.body, self.joined_at = body, joined_at

    def forward(self, features: Tensor, condition: Tensor | None = None) -> Tensor:
        """The output of the last layer."""
        if condition is None:
            return self.body(features)
        for i, layer in enumerate(self.body):
            features = layer(torch.cat([features, condition], 1) if i == self.joined_at else features)
        return features


def build_encoder(image: tuple[int, int, int], out: int, config: NetConfig, condition: int = 0) -> Net:
    """Images (B, C, H, W) and a condition (B, condition), where there is one, to raw parameters (B, out)."""
    body = NETS[type(config)].encoder(image, out, config, condition)
    return Net(body, next(i for i, layer in enumerate(body) if isinstance(layer, nn.Flatten)) + 1)


def build_decoder(latent: int, image: tuple[int, int, int], out_channels: int, config: NetConfig, condition: int = 0) -> Net:
    """Codes (B, latent) and a condition (B, condition), where there is one, to raw parameters (B, out_channels, H, W)."""
    return Net(NETS[type(config)].decoder(latent + condition, image, out_channels, config))

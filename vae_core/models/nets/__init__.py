"""Encoders and decoders: features to raw parameters, and codes to raw parameters, with no activation of the output.

Each kind is a module with `encoder(image, out, config)` and `decoder(latent, image, out_channels, config)`, both returning an
`nn.Sequential` of layers whose functions `vae_core.export` knows, so that every net also runs in the browser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor, nn

from vae_core.config import ConvConfig, MLPConfig, NetConfig, ResidualConfig
from vae_core.models.nets import conv, mlp, residual


class NetModule(Protocol):
    """A module that builds the layers of one kind of net."""

    encoder: Callable[[tuple[int, int, int], int, Any], nn.Sequential]
    """Layers from images (C, H, W) to a number of outputs."""
    decoder: Callable[[int, tuple[int, int, int], int, Any], nn.Sequential]
    """Layers from codes of a number of dimensions to images (C, H, W) with a number of raw channels."""


NETS: dict[type[NetConfig], NetModule] = {MLPConfig: mlp, ConvConfig: conv, ResidualConfig: residual}


class Net(nn.Module):
    """Layers in a row, called with an optional condition, which nets that take none leave aside."""

    def __init__(self, body: nn.Sequential):
        super().__init__()
        self.body = body

    def forward(self, features: Tensor, given: Tensor | None = None) -> Tensor:
        return self.body(features)


def build_encoder(image: tuple[int, int, int], out: int, config: NetConfig) -> Net:
    """Images (B, C, H, W) to raw parameters (B, out)."""
    return Net(NETS[type(config)].encoder(image, out, config))


def build_decoder(latent: int, image: tuple[int, int, int], out_channels: int, config: NetConfig) -> Net:
    """Codes (B, latent) to raw parameters (B, out_channels, H, W)."""
    return Net(NETS[type(config)].decoder(latent, image, out_channels, config))

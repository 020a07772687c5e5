"""Encoders and decoders: features to raw parameters, and codes to raw parameters, with no activation of the output.

A kind of net for images is a module with `encoder(image, out, config, condition)` and `decoder(latent, image, out_channels,
config)`, both returning an `nn.Sequential` of layers. All nets call functions that `vae_core.export` knows, so that each of
them also runs in the browser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from vae_core.config import ConvConfig, FieldSpec, GRUConfig, MLPConfig, NetConfig, ResidualConfig
from vae_core.models.nets import conv, gru, mlp, residual

EncoderOf = Callable[[Any, int, Any, int], nn.Module]
"""Builds an encoder from a field, a number of outputs, a configuration and the numbers of a condition."""
DecoderOf = Callable[[int, Any, int, Any, int], nn.Module]
"""Builds a decoder from the dimensions of a code, a field, the raw parameters of each entry of the field, a configuration and
the numbers of a condition."""


class LayersModule(Protocol):
    """A module that builds the layers of one kind of net for images."""

    encoder: Callable[[tuple[int, int, int], int, Any, int], nn.Sequential]
    """Layers from images (C, H, W) to a number of outputs, with a condition of so many numbers after the first `nn.Flatten`."""
    decoder: Callable[[int, tuple[int, int, int], int, Any], nn.Sequential]
    """Layers from codes of a number of dimensions to images (C, H, W) with a number of raw channels."""


class Net(nn.Module):
    """Layers in a row. A condition (B, K) is appended to the vectors that the layer at index `joined_at` takes."""

    def __init__(self, body: nn.Sequential, joined_at: int = 0):
        super().__init__()
        self.body, self.joined_at = body, joined_at

    def forward(self, features: Tensor, condition: Tensor | None = None, x: Tensor | None = None) -> Tensor:
        """The output of the last layer, which gives all entries of an observation x at once and is given none of it."""
        if condition is None:
            return self.body(features)
        for i, layer in enumerate(self.body):
            features = layer(torch.cat([features, condition], 1) if i == self.joined_at else features)
        return features


def image_net(layers: LayersModule) -> tuple[EncoderOf, DecoderOf]:
    """The encoder and the decoder of a kind of net for images, from the module of its layers."""

    def encoder(image: Any, out: int, config: Any, condition: int) -> Net:
        body = layers.encoder(image.shape, out, config, condition)
        return Net(body, next(i for i, layer in enumerate(body) if isinstance(layer, nn.Flatten)) + 1)

    def decoder(latent: int, image: Any, raw: int, config: Any, condition: int) -> Net:
        return Net(layers.decoder(latent + condition, image.shape, raw * image.channels, config))

    return encoder, decoder


LAYERS: dict[type[NetConfig], LayersModule] = {MLPConfig: mlp, ConvConfig: conv, ResidualConfig: residual}
NETS: dict[type[NetConfig], tuple[EncoderOf, DecoderOf]] = {
    **{config: image_net(layers) for config, layers in LAYERS.items()},
    GRUConfig: (gru.Encoder, gru.Decoder),
}
"""Encoders and decoders by configuration."""


def build_encoder(field: FieldSpec, out: int, config: NetConfig, condition: int = 0) -> nn.Module:
    """Values of a field (B, *shape) and a condition (B, condition), where there is one, to raw parameters (B, out)."""
    return NETS[type(config)][0](field, out, config, condition)


def build_decoder(latent: int, field: FieldSpec, raw: int, config: NetConfig, condition: int = 0) -> nn.Module:
    """Codes (B, latent) and a condition (B, condition), where there is one, to `raw` parameters for each entry of a field.

    They are (B, raw * C, H, W) for an image, (B, length, raw) for a text. A decoder of texts is also given the text that is
    scored.
    """
    return NETS[type(config)][1](latent, field, raw, config, condition)

"""Encoders and decoders: features to raw parameters, and codes to raw parameters."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from vae_core.config.base import Config
from vae_core.config.constraints import Each, Length, Range

Norm = Literal["batch", "none"]
Widths = Annotated[tuple[int, ...], Each(Range(1, 8192)), Length(1, 16)]
Blocks = Annotated[int, Range(0, 16)]
MAPS = Each(Range(1, 1024))


class NetConfig(Config, axis=True):
    """An encoder and a decoder of one kind."""

    field: ClassVar[str] = "image"
    """Kind of the field that the encoder reads and the decoder gives."""


class MLPConfig(NetConfig, kind="mlp"):
    """Fully connected layers."""

    hidden: Widths = (400, 200)
    """Widths of the fully connected layers, from the image's side to the code's; the decoder mirrors them."""


class ConvConfig(NetConfig, kind="conv"):
    """Convolutions that halve the image, then fully connected layers."""

    channels: Annotated[tuple[int, ...], MAPS, Length(1, 6)] = (32, 64)
    """Feature maps of each halving of the image; its length is the number of halvings."""
    hidden: Widths = (256,)
    """Widths of the fully connected layers, from the image's side to the code's; the decoder mirrors them."""
    norm: Norm = "batch"
    """Norm before each activation: `batch`, or `none`, as in most work on disentanglement."""


class ResidualConfig(NetConfig, kind="residual"):
    """The convolutional net with residual blocks after each of its layers."""

    channels: Annotated[tuple[int, ...], MAPS, Length(0, 6)] = (32, 64)
    """Feature maps of each halving of the image; its length is the number of halvings."""
    hidden: Widths = (256,)
    """Widths of the fully connected layers, from the image's side to the code's; the decoder mirrors them."""
    conv_blocks: Blocks = 1
    """Residual blocks after each halving."""
    dense_blocks: Blocks = 1
    """Residual blocks after each fully connected layer."""
    norm: Norm = "batch"
    """Norm before each activation: `batch`, or `none`, as in most work on disentanglement."""


class GRUConfig(NetConfig, kind="gru"):
    """Gated recurrent units: the encoder reads a text in both directions, the decoder writes one token after another."""

    field = "tokens"

    embedding: Annotated[int, Range(1, 512)] = 24
    """Numbers that stand for a token where it is read."""
    units: Annotated[int, Range(1, 1024)] = 64
    """Width of the state of each recurrent layer."""


def halvings(net: NetConfig) -> int:
    """The number of times that a net halves the image."""
    return len(getattr(net, "channels", ()))


def has_batch_norm(net: NetConfig) -> bool:
    """True if the net normalises with statistics of batches."""
    return getattr(net, "norm", "none") == "batch"

"""The conv net with pre-activation residual blocks (He et al. 2016, "Identity mappings") after each of its layers.

With no `channels` it is a residual network of fully connected layers alone.
"""

from __future__ import annotations

from torch import Tensor, nn

from vae_core.config import ResidualConfig
from vae_core.models.nets import conv


class Residual(nn.Module):
    """x + branch(x)."""

    def __init__(self, *branch: nn.Module):
        super().__init__()
        self.branch = nn.Sequential(*branch)

    def forward(self, x: Tensor) -> Tensor:
        """The sum of x and the output of the branch, in the shape of x."""
        return x + self.branch(x)


def _conv_block(config: ResidualConfig, width: int) -> Residual:
    halves = [[*conv.activation(config, width), nn.Conv2d(width, width, 3, 1, 1)] for _ in range(2)]
    return Residual(*halves[0], *halves[1])


def _dense_block(config: ResidualConfig, width: int) -> Residual:
    halves = [[*conv.activation(config, width, nn.BatchNorm1d), nn.Linear(width, width)] for _ in range(2)]
    return Residual(*halves[0], *halves[1])


def _blocks(config: ResidualConfig) -> dict[str, conv.Blocks]:
    return {
        "conv_blocks": lambda width: [_conv_block(config, width) for _ in range(config.conv_blocks)],
        "dense_blocks": lambda width: [_dense_block(config, width) for _ in range(config.dense_blocks)],
    }


def encoder(image: tuple[int, int, int], out: int, config: ResidualConfig, condition: int = 0) -> nn.Sequential:
    """Layers from images (C, H, W) to `out` numbers."""
    return conv.encoder(image, out, config, condition, **_blocks(config))


def decoder(latent: int, image: tuple[int, int, int], out_channels: int, config: ResidualConfig) -> nn.Sequential:
    """Layers from codes of `latent` dimensions to images with `out_channels` raw channels."""
    return conv.decoder(latent, image, out_channels, config, **_blocks(config))


def grid_encoder(image: tuple[int, int, int], out: int, config: ResidualConfig) -> nn.Sequential:
    """Layers from images (C, H, W) to `out` numbers at each place of a grid."""
    return conv.grid_encoder(image, out, config, _blocks(config)["conv_blocks"])


def grid_decoder(width: int, image: tuple[int, int, int], out_channels: int, config: ResidualConfig) -> nn.Sequential:
    """Layers from vectors of `width` numbers at each place of a grid to images with `out_channels` raw channels."""
    return conv.grid_decoder(width, image, out_channels, config, _blocks(config)["conv_blocks"])

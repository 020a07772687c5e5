"""The parts of a model that are exported: modules with named inputs and named outputs."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from vae_core.export.trace import Input
from vae_core.models.flat import Autoencoder

PartName = Literal["decoder", "encoder"]


class Decoder(nn.Module):
    """E[x|z]: codes `z` (B, d) to `mean` (B, C, H, W) in [0, 1].

    Where the model is given a class, `condition` (B, K), one-hot, is a further input.
    """

    def __init__(self, model: Autoencoder):
        super().__init__()
        self.decoder, self.likelihood = model.decoder, model.likelihood
        self.inputs = {"z": Input((model.config.latent,))} | _condition(model)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        """The mean image of codes (N, d), given a condition (N, K) where there is one, as `mean` (N, C, H, W)."""
        return {"mean": self.likelihood.mean(self.decoder(z, condition))}


class Encoder(nn.Module):
    """q(z|x): images `x` (B, C, H, W) in [0, 1] to `mean` (B, d) and, where the posterior has one, `scale` (B, d).

    Where the model is given a class, `condition` (B, K), one-hot, is a further input.
    """

    def __init__(self, model: Autoencoder):
        super().__init__()
        self.encoder, self.posterior = model.encoder, model.posterior
        self.inputs = {"x": Input(tuple(model.config.image))} | _condition(model)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        """The mean codes of images (N, C, H, W) in [0, 1], as `mean` (N, d), and `scale` (N, d) where there is one.

        condition: what the model is given of each image, (N, K), where it is given a class.
        """
        raw = self.encoder(x, condition)
        scale = self.posterior.scale(raw)
        outputs = {"mean": self.posterior.mean(raw)}
        return outputs if scale is None else outputs | {"scale": scale}


def _condition(model: Autoencoder) -> dict[str, Input]:
    return {} if model.given is None else {"condition": Input((model.given.count,))}


PARTS: dict[PartName, type[Decoder] | type[Encoder]] = {"decoder": Decoder, "encoder": Encoder}

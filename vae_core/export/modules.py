"""The parts of a model that are exported: modules with named inputs and named outputs."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from vae_core.export.trace import Input
from vae_core.models.flat import Autoencoder

PartName = Literal["decoder", "encoder"]


class Decoder(nn.Module):
    """E[x|z]: codes `z` (B, d) to `mean` (B, C, H, W) in [0, 1]."""

    def __init__(self, model: Autoencoder):
        super().__init__()
        self.decoder, self.likelihood = model.decoder, model.likelihood
        self.inputs = {"z": Input((model.config.latent,))}

    def forward(self, z: Tensor) -> dict[str, Tensor]:
        """The mean image of codes (N, d), as `mean` (N, C, H, W)."""
        return {"mean": self.likelihood.mean(self.decoder(z))}


class Encoder(nn.Module):
    """q(z|x): images `x` (B, C, H, W) in [0, 1] to `mean` (B, d) and, where the posterior has one, `scale` (B, d)."""

    def __init__(self, model: Autoencoder):
        super().__init__()
        self.encoder, self.posterior = model.encoder, model.posterior
        self.inputs = {"x": Input(tuple(model.config.image))}

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The mean codes of images (N, C, H, W) in [0, 1], as `mean` (N, d), and `scale` (N, d) where there is one."""
        raw = self.encoder(x)
        scale = self.posterior.scale(raw)
        outputs = {"mean": self.posterior.mean(raw)}
        return outputs if scale is None else outputs | {"scale": scale}


PARTS: dict[PartName, type[Decoder] | type[Encoder]] = {"decoder": Decoder, "encoder": Encoder}

"""The parts of a model that are exported: modules with named inputs and named outputs."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from vae_core.batch import Batch
from vae_core.export.trace import Input
from vae_core.models.autoencoder import Autoencoder

PartName = Literal["decoder", "encoder"]


class Decoder(nn.Module):
    """E[x|z]: codes `z` (B, *their shape) of the top group to `mean`: images (B, C, H, W) in [0, 1], or tokens (B, length).

    Further inputs are `details` (B, k), standard normal numbers, of a model with groups below the top one, and `condition`
    (B, K), one-hot, of a model that is given a class.
    """

    def __init__(self, model: Autoencoder):
        super().__init__()
        self.model, config = model, model.config
        codes = Input(config.structure.code_shape, integers=not config.posterior.is_continuous)
        details = {"details": Input((model.detail_size,))} if model.detail_size else {}
        self.inputs = {"z": codes} | details | _condition(model)

    def forward(self, z: Tensor, details: Tensor | None = None, condition: Tensor | None = None) -> dict[str, Tensor]:
        """The mean image of codes (N, d) with details and a condition, where there are such, as `mean` (N, C, H, W)."""
        codes = self.model.complete(z, details, condition)
        return {"mean": self.model.decoded(codes, condition)}


class Encoder(nn.Module):
    """q(z|x): images `x` (B, C, H, W) in [0, 1], or tokens (B, length), to `mean` (B, d) and perhaps `scale` (B, d).

    Both are of the codes of the top group. Those of groups below it are a further output, `details` (B, k). Where the model is
    given a class, `condition` (B, K), one-hot, is a further input.
    """

    def __init__(self, model: Autoencoder):
        super().__init__()
        self.model = model
        self.inputs = {"x": Input(model.modelled.shape, model.modelled.discrete)} | _condition(model)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        """The codes of images (N, C, H, W) in [0, 1]: `mean` (N, d), and where there are such `scale` (N, d), `details` (N, k).

        condition: what the model is given of each image, (N, K), where it is given a class.
        """
        given = {} if self.model.given is None or condition is None else {self.model.given.name: condition}
        latent = self.model.infer(Batch({self.model.modelled.name: x} | given))
        top = latent.groups[self.model.latents.top.name]
        outputs = {"mean": top.z, "scale": top.scale, "details": latent.details}
        return {name: value for name, value in outputs.items() if value is not None}


def _condition(model: Autoencoder) -> dict[str, Input]:
    return {} if model.given is None else {"condition": Input((model.given.count,))}


PARTS: dict[PartName, type[Decoder] | type[Encoder]] = {"decoder": Decoder, "encoder": Encoder}

"""A small adversarial autoencoder (Makhzani et al. 2015) that the package does not know, for tests of phases."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae_core.batch import Batch, Noise
from vae_core.config import ConvConfig, DeterministicConfig, ModelConfig, TrainConfig
from vae_core.data import load_dataset
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.models.latent import Latent
from vae_core.models.objectives import Objective, Phase, Terms
from vae_core.specs import NoiseSpec
from vae_core.training import fit

LATENT = 2
DISCRIMINATE = Phase(
    "discriminator", ("discrimination",), moves=("objective.discriminator",), lr=0.5, betas=(0.5, 0.99), weight_decay=0.0
)
TWO = (Phase("autoencoder", ("distortion", "fooling")), DISCRIMINATE)
"""One phase for the autoencoder, and one for the discriminator."""
THREE = (Phase("reconstruction", ("distortion",)), DISCRIMINATE, Phase("regularisation", ("fooling",), moves=("encoder",)))
"""The phases of the paper, of which two move the encoder."""


@final
class Adversarial(Objective):
    """A discriminator tells codes from draws of the prior, N(0, I), and the encoder is trained to fool it."""

    def __init__(self, phases: tuple[Phase, ...] = TWO):
        super().__init__()
        self.discriminator = nn.Sequential(nn.Linear(LATENT, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
        self.phases = phases
        self.weighted = ("fooling",)
        self.criterion = ("distortion",)
        self.noise = (NoiseSpec("prior", (LATENT,), "normal"),)

    def weights(self, progress: float) -> tuple[float, ...]:
        return (2.0,)

    def compute(self, names: Collection[str], batch: Batch, latent: Latent, noise: Noise) -> Mapping[str, Tensor]:
        codes, found = latent.codes["z"], {}
        if "fooling" in names:
            found["fooling"] = F.softplus(-self.discriminator(codes))[:, 0]
        if "discrimination" in names:
            of_codes, of_prior = self.discriminator(codes), self.discriminator(noise["prior"])
            found["discrimination"] = (F.softplus(of_codes) + F.softplus(-of_prior))[:, 0]
        return found

    def reduced(self, terms: Terms, name: str) -> Tensor:
        return terms[name].mean()


def make(phases: tuple[Phase, ...] = TWO, norm: str = "batch", seed: int = 0) -> Autoencoder:
    """A deterministic autoencoder of 8x8 images with an adversarial objective."""
    torch.manual_seed(seed)
    net = ConvConfig(channels=(8,), hidden=(16,), norm=norm)
    model = build_model(ModelConfig.for_images((1, 8, 8), LATENT, net, DeterministicConfig()))
    model.objective = Adversarial(phases)
    if norm == "none":
        del model.objective.discriminator[1]
    return model


def short_run(trained: str) -> dict[str, Tensor]:
    """Weights after a short run in which `trained` is what trains, without batch norm, which sees the share of one process."""
    model = make(THREE, norm="none")
    fit(model, load_dataset("digits"), TrainConfig(steps=20, batch_size=64, ema=0.9, threads=1, trained=trained))
    return {name: value.contiguous() for name, value in model.state_dict().items()}

"""Codes that are points, as in a plain autoencoder."""

from __future__ import annotations

from torch import Tensor

from vae_core.batch import Noise
from vae_core.models.posteriors.base import Draw, Posterior
from vae_core.models.spaces import Euclidean


class Deterministic(Posterior):
    """The code is the encoder's output (Hinton & Salakhutdinov 2006)."""

    noise = ()

    def __init__(self, latent: int):
        super().__init__()
        self.raw_size = latent
        self.space = Euclidean(latent)

    def draw(self, raw: Tensor, noise: Noise) -> Draw:
        """The encoder's output, without a density."""
        return Draw(raw.float())

    def mean(self, raw: Tensor) -> Tensor:
        """The encoder's output, float32 (B, d)."""
        return raw.float()

    def scale(self, raw: Tensor) -> None:
        """Returns None, because a point has no spread."""

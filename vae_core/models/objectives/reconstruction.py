"""The loss of a plain autoencoder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import final

from torch import Tensor

from vae_core.batch import Batch, Noise
from vae_core.models.latent import Latent
from vae_core.models.objectives.objective import Objective, Terms
from vae_core.models.objectives.phases import Phase


@final
class Reconstruction(Objective):
    """loss = distortion."""

    def __init__(self):
        super().__init__()
        self.weighted = ()
        self.criterion = ("distortion",)
        self.phases = (Phase("all", self.criterion),)
        self.noise = ()

    def weights(self, progress: float) -> tuple[float, ...]:
        """No weights."""
        return ()

    def compute(self, names: Collection[str], batch: Batch, latent: Latent, noise: Noise) -> Mapping[str, Tensor]:
        """No terms: the distortion comes from the model."""
        return {}

    def reduced(self, terms: Terms, name: str) -> Tensor:
        """The mean of the term."""
        return terms[name].mean()

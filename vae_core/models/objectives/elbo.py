"""The negative evidence lower bound with a weighted rate."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import final

import torch
from torch import Tensor

from vae_core.batch import Batch, Noise
from vae_core.config import ELBOConfig
from vae_core.models.latent import Latent
from vae_core.models.objectives import schedules
from vae_core.models.objectives.objective import Objective, Terms
from vae_core.models.objectives.phases import Phase


@final
class ELBO(Objective):
    """loss = distortion + beta * weight(progress) * rate (Higgins et al. 2017, eq. 4; with beta 1, Kingma & Welling 2014)."""

    def __init__(self, config: ELBOConfig):
        super().__init__()
        self.config = config
        self.weighted = ("rate",)
        self.criterion = ("distortion", "rate")
        self.phases = (Phase("all", self.criterion),)
        self.noise = ()

    def weights(self, progress: float) -> tuple[float, ...]:
        """Beta times its schedule."""
        return (self.config.beta * schedules.weight(self.config.schedule, progress),)

    def compute(self, names: Collection[str], batch: Batch, latent: Latent, noise: Noise) -> Mapping[str, Tensor]:
        """No terms: distortion and rate come from the model."""
        return {}

    def reduced(self, terms: Terms, name: str) -> Tensor:
        """The mean of the term; for the rate with free bits, the sum over dimensions of means that are at least these."""
        if name != "rate" or self.config.free_bits == 0:
            return terms[name].mean()
        # Kingma et al. 2016, eq. 15: the hinge is on the mean over the batch of each dimension, not on each observation.
        groups = terms.latent.groups.values()
        rates = [group.rate if group.rate_by_dimension is None else group.rate_by_dimension for group in groups]
        columns = torch.cat([rate.reshape(len(rate), -1) for rate in rates if rate is not None], 1)
        return torch.clamp(columns.mean(0), min=self.config.free_bits).sum()

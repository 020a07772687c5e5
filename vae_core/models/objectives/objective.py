"""The loss as a sum of weight(progress) * term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vae_core.config import ObjectiveConfig
from vae_core.models.latent import Latent
from vae_core.models.objectives import schedules


@dataclass(frozen=True, eq=False)
class Terms:
    """Terms of the loss of one batch before any weight."""

    values: Mapping[str, Tensor]
    """Terms by name: (B,) in nats where an observation has its own, else a scalar of the whole batch."""
    latent: Latent
    """The codes that the terms were computed from."""

    def __getitem__(self, name: str) -> Tensor:
        return self.values[name]

    def get(self, name: str) -> Tensor | None:
        """A term, or None where the model does not define it."""
        return self.values.get(name)

    def means(self, names: Sequence[str]) -> Tensor:
        """The mean of each named term over the batch: (len(names),), nats."""
        return torch.stack([self.values[name].mean() for name in names])


class Objective(nn.Module):
    """loss = distortion + beta * weight(progress) * rate (Higgins et al. 2017, eq. 4; with beta 1, Kingma & Welling 2014)."""

    def __init__(self, config: ObjectiveConfig):
        super().__init__()
        self.config = config
        self.weighted: tuple[str, ...] = ("rate",) if config.needs_rate else ()
        """Names of the terms that have a weight, in the order of the weights."""
        self.terms: tuple[str, ...] = ("distortion", *self.weighted)
        """Names of all terms of the loss. A term that is not among `weighted` counts once."""

    def weights(self, progress: float) -> tuple[float, ...]:
        """The weight of each of `weighted` where a share `progress` of the run is done."""
        return tuple(self.config.beta * schedules.weight(self.config.schedule, progress) for _ in self.weighted)

    def forward(self, terms: Terms, weights: Sequence[float] | Tensor) -> Tensor:
        """The loss to descend: a scalar, in nats an observation. `weights` are those of `weights(progress)`."""
        # A factor of 1 would cost a compiled step a tenth of its speed.
        loss = sum(self._reduced(terms, name) for name in self.terms if name not in self.weighted)
        for name, weight in zip(self.weighted, weights, strict=True):
            loss = loss + weight * self._reduced(terms, name)
        return loss

    def _reduced(self, terms: Terms, name: str) -> Tensor:
        if name != "rate" or self.config.free_bits == 0:
            return terms[name].mean()
        # Kingma et al. 2016, eq. 15: the hinge is on the mean over the batch of each dimension, not on each observation.
        groups = [
            group.rate[:, None] if group.rate_by_dimension is None else group.rate_by_dimension
            for group in terms.latent.groups.values()
        ]
        return torch.clamp(torch.cat(groups, 1).mean(0), min=self.config.free_bits).sum()

"""The loss: a sum of weight(step) * term, each term of shape (B,) in nats and reduced once, by the mean over the batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core import schedules
from vae_core.config import ObjectiveConfig


@dataclass
class Terms:
    """What one batch costs, before any weight; None where the model does not define it."""

    distortion: Tensor
    """-log p(x|z): (B,), nats."""
    rate: Tensor | None = None
    """KL(q(z|x) || p(z)): (B,), nats."""
    rate_by_group: Tensor | None = None
    """(B, groups), nats."""


@dataclass(frozen=True)
class Objective:
    """loss = distortion + beta * weight(progress) * rate (Higgins et al. 2017, eq. 4; with beta 1, Kingma & Welling 2014)."""

    config: ObjectiveConfig

    def beta(self, progress: float) -> float:
        return self.config.beta * schedules.weight(self.config.schedule, progress)

    def __call__(self, terms: Terms, beta: float | Tensor) -> Tensor:
        """The loss to descend: a scalar, in nats an image. `beta` is the rate's weight now, from `beta(progress)`."""
        loss = terms.distortion.mean()
        if terms.rate is None:
            return loss
        return loss + beta * self._charged(terms)

    def _charged(self, terms: Terms) -> Tensor:
        if self.config.free_bits == 0:
            return terms.rate.mean()
        # Kingma et al. 2016, eq. 15: the hinge is on a group's mean over the batch, not on each image.
        groups = terms.rate[:, None] if terms.rate_by_group is None else terms.rate_by_group
        return torch.clamp(groups.mean(0), min=self.config.free_bits).sum()

"""Running means of the terms of a batch."""

from __future__ import annotations

import torch
from torch import Tensor

LOSS, DISTORTION, RATE = range(3)
"""Places in a tensor of means: nats an image; the rate is NaN where it is not defined."""


def as_floats(means: Tensor) -> tuple[float, float, float | None]:
    """Loss, distortion and rate; None for a rate that is not defined."""
    loss, distortion, rate = means[LOSS].item(), means[DISTORTION].item(), means[RATE].item()
    return loss, distortion, None if rate != rate else rate


class Means:
    """They stay on the device until they are asked for, so that adding to them costs no wait."""

    def __init__(self, device: torch.device):
        # Apple's GPUs have no float64.
        self.sums = torch.zeros(4, dtype=torch.float32 if device.type == "mps" else torch.float64, device=device)

    @property
    def count(self) -> int:
        return int(self.sums[3].item())

    def add(self, terms: Tensor) -> None:
        """Takes in the means of one batch, (3,)."""
        self.sums[:3] += terms
        self.sums[3] += 1

    def take(self) -> tuple[float, float, float | None]:
        """The means so far, and begins anew."""
        means = as_floats(self.sums[:3] / self.sums[3])
        self.sums = torch.zeros_like(self.sums)
        return means

"""Running means of the terms of batches."""

from __future__ import annotations

from torch import Tensor

from vae_core.training.team import Team

LOSS, DISTORTION, RATE = range(3)
"""Places in a tensor of means: nats an image; the rate is NaN where it is not defined."""

Figures = tuple[float, float, float | None]


def as_floats(means: Tensor) -> Figures:
    """Loss, distortion and rate; None for a rate that is not defined."""
    loss, distortion, rate = means[LOSS].item(), means[DISTORTION].item(), means[RATE].item()
    return loss, distortion, None if rate != rate else rate


class Means:
    """Reads the sums that an engine adds to, (4,): loss, distortion, rate and the number of steps.

    They stay on its device until they are asked for, so that adding to them costs no wait.
    """

    def __init__(self, sums: Tensor, team: Team):
        self.sums, self.team = sums, team
        self._told = sums.clone()

    @property
    def count(self) -> int:
        """Steps since `take`."""
        return int(self.sums[3].item())

    @property
    def recent_count(self) -> int:
        """Steps since `recent`."""
        return int((self.sums[3] - self._told[3]).item())

    def recent(self) -> Figures:
        """The means since this was last asked for."""
        found = self.team.summed(self.sums - self._told)
        self._told = self.sums.clone()
        return as_floats(found[:3] / found[3])

    def take(self) -> Figures:
        """The means since this was last asked for; they begin anew."""
        self._told -= self.sums
        found = self.team.summed(self.sums)
        self.sums.zero_()
        return as_floats(found[:3] / found[3])

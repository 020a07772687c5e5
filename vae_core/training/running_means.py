"""Running means of the loss and its terms over batches."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vae_core.models.objectives import Objective
from vae_core.training.distributed import ProcessGroup

Means = dict[str, float]
"""`loss` and each term by name, in nats an observation."""


def named(means: Tensor, terms: Sequence[str]) -> Means:
    """Means of the loss and of the terms, (1 + len(terms),), by name."""
    return dict(zip(("loss", *terms), means.tolist(), strict=True))


class RunningMeans:
    """Reads the sums that an engine adds to.

    They are those of the loss, of each term and of the updates of each phase, (1 + number of terms + number of phases,). The
    sums stay on their device until they are read, so that adding to them waits for nothing.
    """

    def __init__(self, sums: Tensor, objective: Objective, group: ProcessGroup):
        self.sums, self.terms, self.group = sums, objective.terms, group
        self._reported = sums.clone()
        self._phases = len(objective.phases)
        sizes = [len(objective.reported(index)) for index in range(self._phases)]
        self._phase_of = torch.repeat_interleave(torch.tensor(sizes, device=sums.device))
        """Index of the phase that reports each mean, (1 + number of terms,)."""

    @property
    def count(self) -> int:
        """Updates of all phases since `reset`."""
        return int(self.sums[-self._phases :].sum().item())

    @property
    def recent_count(self) -> int:
        """Updates of the first phase, which reports the loss, since `recent` was last called."""
        return int((self.sums - self._reported)[-self._phases].item())

    def recent(self) -> Means:
        """The means since this was last called, without the terms of phases that have taken no update."""
        found = self._means(self.sums - self._reported)
        self._reported = self.sums.clone()
        return found

    def reset(self) -> Means:
        """The means since this was last called, without the terms of phases that have taken no update; the sums become 0."""
        self._reported -= self.sums
        found = self._means(self.sums)
        self.sums.zero_()
        return found

    def _means(self, sums: Tensor) -> Means:
        total = self.group.summed(sums)
        counts = total[-self._phases :][self._phase_of]
        means = named(total[: -self._phases] / counts, self.terms)
        return {name: value for (name, value), count in zip(means.items(), counts.tolist(), strict=True) if count}

"""Running means of the loss and its terms over batches."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from vae_core.training.distributed import ProcessGroup

Means = dict[str, float]
"""`loss` and each term by name, in nats an observation."""


def named(means: Tensor, terms: Sequence[str]) -> Means:
    """Means of the loss and of the terms, (1 + len(terms),), by name."""
    return dict(zip(("loss", *terms), means.tolist(), strict=True))


class RunningMeans:
    """Reads the sums that an engine adds to: loss, terms and the number of steps, (2 + len(terms),).

    The sums stay on their device until they are read, so that adding to them waits for nothing.
    """

    def __init__(self, sums: Tensor, terms: Sequence[str], group: ProcessGroup):
        self.sums, self.terms, self.group = sums, terms, group
        self._reported = sums.clone()

    @property
    def count(self) -> int:
        """Steps since `reset`."""
        return int(self.sums[-1].item())

    @property
    def recent_count(self) -> int:
        """Steps since `recent` was last called."""
        return int((self.sums[-1] - self._reported[-1]).item())

    def recent(self) -> Means:
        """The means since this was last called."""
        found = self.group.summed(self.sums - self._reported)
        self._reported = self.sums.clone()
        return named(found[:-1] / found[-1], self.terms)

    def reset(self) -> Means:
        """The means since this was last called; the sums become 0."""
        self._reported -= self.sums
        found = self.group.summed(self.sums)
        self.sums.zero_()
        return named(found[:-1] / found[-1], self.terms)

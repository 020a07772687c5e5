"""The curves of a loss chart: one for each term of any objective."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.components.loss_chart import Trace
from explorer.services.metrics import metric_named
from explorer.services.runs import LossPoint


def traces(training: Sequence[LossPoint], validation: Sequence[LossPoint]) -> list[Trace]:
    """The loss and its terms at the steps where they are known; without the loss where that is the distortion."""
    both = (*training, *validation)
    names = list(dict.fromkeys(name for point in both for name, value in point.values.items() if value is not None))
    if all(point.values.get("loss") == point.values.get("distortion") for point in both) and len(names) > 1:
        names.remove("loss")
    return [
        Trace(
            metric_named(name),
            [point.step for point in training],
            [point.values.get(name) for point in training],
            [point.step for point in validation],
            [point.values.get(name) for point in validation],
        )
        for name in names
    ]

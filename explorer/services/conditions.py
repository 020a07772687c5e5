"""The class that conditional models are given on a page."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.services import models
from explorer.services.models import ModelCard
from explorer.services.view import View
from vae_core.batch import Classes


def names(cards: Sequence[ModelCard]) -> tuple[str, ...]:
    """Names of the classes of the first model that is given one; none where no model is."""
    return next((found for card in cards if (found := models.conditions(card))), ())


def chosen(cards: Sequence[ModelCard], view: View) -> int:
    """The class of the view, or where it has none that of the first held-out image; 0 where no model is given a class."""
    count = len(names(cards))
    if view.condition is not None and view.condition < count:
        return view.condition
    held_out = models.load(cards[0].name).held_out
    labels = None if held_out is None else held_out.labels
    return 0 if labels is None or not count else min(int(labels[0]), count - 1)


def for_model(card: ModelCard, classes: Classes | None) -> Classes | None:
    """Classes as the model takes them: None for a model that is given nothing."""
    return classes if models.conditions(card) else None

"""The user's own texts: checked, encoded and written again by a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.services import datasets, models, observations
from explorer.services.conditions import for_model
from explorer.services.models import ModelCard
from vae_core.config import TokensField


@dataclass(frozen=True)
class TextEvaluation:
    """A model's reconstructions of some texts."""

    rebuilt: list[observations.Shown]
    hits: list[str]
    """For each text, how many of its letters the reconstruction has at the same place."""
    nearest: list[observations.Shown]
    """The held-out text with the nearest code to that of each text; none where the texts of the data set are not available."""


def usable(card: ModelCard, typed: Sequence[str]) -> tuple[list[str], list[str]]:
    """The texts that a model can read, in small letters where it knows no large ones; and why others are left out."""
    field = card.config.modelled
    assert isinstance(field, TokensField), "pages ask first what a model is of"
    kept, refused = [], []
    for text in typed:
        text = text if set(text) <= set(field.vocabulary) else text.lower()
        try:
            field.numbers([text])
            kept.append(text)
        except ValueError as reason:
            refused.append(str(reason))
    return kept, refused


def evaluate(card: ModelCard, given: Sequence[str], condition: int | None = None) -> TextEvaluation:
    """Encodes and decodes texts that `usable` has kept. condition: the class that conditional models are given."""
    checkpoint, classes = models.load(card.name), for_model(card, condition)
    rebuilt = observations.shown(card, checkpoint.model.reconstruct(given, classes).numpy())
    known, originals = checkpoint.held_out, datasets.originals(card)
    nearest = []
    if known is not None and originals is not None:
        codes = checkpoint.model.encode(given, classes).mean
        nearest = observations.shown(card, originals[checkpoint.model.space.distance(codes, known.codes).argmin(1).numpy()])
    return TextEvaluation(rebuilt, observations.hits(rebuilt, given), nearest)

"""Observations as pages show them: images as arrays, texts as strings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.pixels import as_uint8
from explorer.services.models import ModelCard
from vae_core.config import TokensField

Shown = np.ndarray | str
"""An image (C, H, W), or a text."""


def shown(card: ModelCard, values: np.ndarray) -> list[Shown]:
    """Observations, or decoded ones, as pages show them: images (N, C, H, W) one by one, and tokens (N, length) as strings."""
    field = card.config.modelled
    return list(field.texts(values.tolist()) if isinstance(field, TokensField) else values)


def at_rest(card: ModelCard, values: np.ndarray) -> np.ndarray:
    """Decoded observations as a data set holds them: pixels or tokens, uint8."""
    return as_uint8(values) if card.shows_images else values.astype(np.uint8)


def frame(card: ModelCard) -> tuple[int, int, int]:
    """The shape of one observation in a component: (C, H, W) of an image, (1, 1, length) of a text."""
    channels, height, width = (1, 1, *card.config.modelled.shape)[-3:]
    return channels, height, width


def characters(card: ModelCard) -> tuple[str, ...]:
    """The characters of a model's texts, in the order of their numbers; none for a model of images."""
    return getattr(card.config.modelled, "vocabulary", ())


def is_smooth(card: ModelCard) -> bool:
    """True if pictures of observations are interpolated (faces, letters) rather than drawn as crisp pixels."""
    return not card.shows_images or card.config.image[0] == 3


def hits(found: Sequence[Shown], wanted: Sequence[Shown]) -> list[str]:
    """For each text, how many of its characters another one has at the same place: "3 of 5 letters"."""
    same = [sum(a == b for a, b in zip(one, other, strict=False)) for one, other in zip(found, wanted, strict=True)]
    return [f"{count} of {len(text)} letters" for count, text in zip(same, wanted, strict=True)]

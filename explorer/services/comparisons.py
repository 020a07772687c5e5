"""What models make of the same images: reconstructions, samples, ways between two images, and their figures side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from explorer.components.pictures import amounts
from explorer.services import models
from explorer.services.models import Card, Shelf
from vae_core.metrics import table
from vae_core.metrics.table import METRICS, Metric, decimals

FIGURES = tuple(METRICS[name] for name in ("distortion", "rate", "negative_elbo", "mse", "ssim", "active_units"))
"""The held-out figures that are rows of a table."""
NATS = ("distortion", "negative_elbo")


def reconstructions(card: Card, x: np.ndarray) -> np.ndarray:
    """uint8 (N, C, H, W) to what the model rebuilds at the mean codes: float (N, C, H, W) in [0, 1]."""
    return models.load(card.name).model.reconstruct(x).numpy()


def samples(card: Card, count: int, source: str, seed: int) -> np.ndarray:
    """Images decoded from draws of the prior, or of a Gaussian fitted to the codes of training images ("codes")."""
    return models.load(card.name).model.sample(count, source=source, seed=seed).numpy()


def way(card: Card, a: np.ndarray, b: np.ndarray, steps: int, path: str) -> np.ndarray:
    """The images decoded on the way from image a to image b, uint8 (C, H, W)."""
    model = models.load(card.name).model
    ends = model.encode(np.stack([a, b])).mean
    return model.interpolate(ends[0], ends[1], steps, path).numpy()


def best(cards: Sequence[Card], figure: Metric) -> set[str]:
    """The names of the models with the best value, where values differ and may be compared: of one kind, on the same images."""
    known = [card for card in cards if card.metrics.get(figure.name) is not None]
    if figure.name in NATS and len({card.config.likelihood.scale for card in known}) > 1:
        return set()
    if len({card.fingerprint for card in known}) > 1:
        return set()
    marks = better([card.metrics for card in known], figure)
    return {card.name for card, mark in zip(known, marks, strict=True) if mark}


def better(found: Sequence[Mapping[str, Any]], figure: Metric) -> list[bool]:
    """Of which of the models with these figures the value is the best, to the decimals that are known of all of them.

    None is where fewer than two values are known.
    """
    known = [metrics for metrics in found if metrics.get(figure.name) is not None]
    if not figure.better or len(known) < 2:
        return [False] * len(found)
    places = min(decimals(figure.name, metrics) for metrics in known)
    best = max(known, key=lambda metrics: figure.better * metrics[figure.name])
    top = table.shown(figure.name, best, places)
    return [metrics.get(figure.name) is not None and table.shown(figure.name, metrics, places) == top for metrics in found]


def shown(metrics: Mapping[str, Any], figure: Metric) -> str:
    """A model's figure as the table has it; a dash where it is not defined."""
    return table.shown(figure.name, metrics)


def unit(figure: Metric) -> str:
    """What stands below the figure's title."""
    return "" if figure.unit == "count" else figure.unit


def error_scale(errors: Iterable[np.ndarray]) -> float:
    """The end of one scale for all these errors: what all but the largest half percent stay below."""
    return max(float(np.quantile(np.stack(list(errors)), 0.995)), 1e-3)


def error_maps(errors: np.ndarray, high: float) -> list[np.ndarray]:
    """Errors of pixels (N, H, W) as colours, from 0 to `high`: N of (3, H, W)."""
    return [amounts(error / high) for error in errors]


def cross_fade(a: np.ndarray, b: np.ndarray, steps: int) -> np.ndarray:
    """The pixels' own way from one image to the other, uint8 (C, H, W) to (steps, C, H, W) in [0, 1]."""
    share = np.linspace(0, 1, steps)[:, None, None, None]
    return ((1 - share) * a + share * b) / 255


def has_fitted_codes(card: Card) -> bool:
    """Whether samples from a Gaussian fitted to the codes are offered: where no prior is what the model learnt to decode, and
    the codes of training images differ."""
    model = models.load(card.name).model
    return not model.capabilities.prior and models.codes_root(model) is not None


def has_prior(card: Card) -> bool:
    """Whether the model was trained to decode draws from its prior."""
    return models.load(card.name).model.capabilities.prior


def alike(shelf: Shelf, card: Card) -> list[Card]:
    """The models of the same data and likelihood that have a rate."""
    scale = card.config.likelihood.scale
    return [
        other
        for other in shelf.of(card.data)
        if other.config.likelihood.scale == scale
        and other.fingerprint == card.fingerprint
        and other.metrics.get("rate") is not None
        and other.metrics.get("distortion") is not None
    ]

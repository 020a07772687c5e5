"""Reconstructions, samples and interpolations of several models, and their metrics side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from explorer.services import models, observations
from explorer.services.conditions import for_model
from explorer.services.models import ModelCard, Registry
from explorer.services.observations import Shown
from vae_core.batch import Classes
from vae_core.metrics import table
from vae_core.metrics.table import METRICS, Metric, decimals
from vae_core.models.spaces import PathKind

SampleSource = Literal["prior", "codes"]
"""Distribution that codes of new images are drawn from: the prior, or a Gaussian fitted to codes of training images."""
_METRICS_SHOWN = ("distortion", "rate", "negative_elbo", "mse", "ssim", "token_accuracy", "exact_match", "active_units")
_OF_IMAGES, _OF_TEXTS = ("mse", "ssim"), ("token_accuracy", "exact_match")
RATE_DISTORTION = tuple(METRICS[name] for name in ("rate", "distortion", "negative_elbo"))
"""The metrics of a rate-distortion plot: across, up, and their sum."""
NATS = ("distortion", "negative_elbo")


def metrics_shown(of_images: bool) -> tuple[Metric, ...]:
    """The held-out metrics that tables show, of models of images or of texts."""
    others = _OF_TEXTS if of_images else _OF_IMAGES
    return tuple(METRICS[name] for name in _METRICS_SHOWN if name not in others)


def reconstructions(card: ModelCard, x: np.ndarray, classes: Classes | None = None) -> np.ndarray:
    """Reconstructions at the mean codes: uint8 (N, C, H, W) to float (N, C, H, W) in [0, 1], or tokens to tokens (N, length).

    classes: those of the images, which conditional models are given.
    """
    return models.load(card.name).model.reconstruct(x, for_model(card, classes)).numpy()


def as_class(card: ModelCard, x: np.ndarray, classes: Classes, other: int) -> list[Shown]:
    """Observations decoded with another class from the codes of observations, uint8."""
    model = models.load(card.name).model
    codes = model.encode(x, classes)
    return observations.shown(card, model.decode(codes.mean, other, details=codes.details).numpy())


def samples(card: ModelCard, count: int, source: SampleSource, seed: int, condition: int | None = None) -> list[Shown]:
    """Observations decoded from draws of the prior ("prior"), or of a Gaussian fitted to codes of the training data ("codes").

    condition: the class that conditional models are given.
    """
    sampler = models.fitted_codes(card) if source == "codes" else None
    given = for_model(card, condition)
    return observations.shown(card, models.load(card.name).model.sample(count, sampler, seed, condition=given).numpy())


def interpolation(
    card: ModelCard,
    a: np.ndarray,
    b: np.ndarray,
    steps: int,
    path: PathKind,
    classes: Classes | None = None,
    condition: int | None = None,
) -> list[Shown]:
    """Observations decoded along the path from observation a to b, both uint8.

    Where the model is given a class, `classes` are those of the two observations, and `condition` is that of the decoded ones.
    """
    model = models.load(card.name).model
    ends = model.encode(np.stack([a, b]), for_model(card, classes))
    given = for_model(card, condition)
    decoded = model.interpolate(ends.mean[0], ends.mean[1], steps, path, condition=given, details=ends.details)
    return observations.shown(card, decoded.numpy())


def best_names(cards: Sequence[ModelCard], metric: Metric) -> set[str]:
    """The names of the models with the best value of a metric; none where the values cannot be compared.

    Values can be compared if the models have the same held-out images and, for metrics in nats, the same kind of likelihood.
    """
    known = [card for card in cards if card.metrics.get(metric.name) is not None]
    if metric.name in NATS and len({card.config.likelihood.scale for card in known}) > 1:
        return set()
    if len({card.fingerprint for card in known}) > 1:
        return set()
    marks = best_marks([card.metrics for card in known], metric)
    return {card.name for card, mark in zip(known, marks, strict=True) if mark}


def best_marks(found: Sequence[Mapping[str, Any]], metric: Metric) -> list[bool]:
    """For each model, True if it has the best value of a metric, at the precision that all of them have.

    All are False where fewer than two models have a value.
    """
    known = [metrics for metrics in found if metrics.get(metric.name) is not None]
    if not metric.better or len(known) < 2:
        return [False] * len(found)
    digits = min(decimals(metric.name, metrics) for metrics in known)
    best = max(known, key=lambda metrics: metric.better * metrics[metric.name])
    top = table.shown(metric.name, best, digits)
    return [metrics.get(metric.name) is not None and table.shown(metric.name, metrics, digits) == top for metrics in found]


def formatted(metrics: Mapping[str, Any], metric: Metric) -> str:
    """The value of a metric as text; a dash where it is not defined."""
    return table.shown(metric.name, metrics)


def cross_fade(a: np.ndarray, b: np.ndarray, steps: int) -> np.ndarray:
    """A cross-fade of the pixels of two images: uint8 (C, H, W) to float (steps, C, H, W) in [0, 1]."""
    share = np.linspace(0, 1, steps)[:, None, None, None]
    return ((1 - share) * a + share * b) / 255


def has_fitted_codes(card: ModelCard) -> bool:
    """True if samples from a Gaussian fitted to the codes make sense.

    That is so if the model has no prior, and the codes of training images differ.
    """
    return not models.has_prior(card) and models.fitted_codes(card) is not None


def comparable(registry: Registry, card: ModelCard) -> list[ModelCard]:
    """The models of the same data and likelihood that have a rate, for one rate-distortion plot."""
    scale = card.config.likelihood.scale
    return [
        other
        for other in registry.of(card.data)
        if other.config.likelihood.scale == scale
        and other.fingerprint == card.fingerprint
        and other.metrics.get("rate") is not None
        and other.metrics.get("distortion") is not None
    ]

"""Codes of held-out images as arrays, and what is derived from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from explorer.services import models
from explorer.services.models import ModelCard
from vae_core.metrics import activity
from vae_core.metrics.table import labelled
from vae_core.projection import principal

PRIOR_DRAWS = 512


@dataclass(frozen=True, eq=False)
class HeldOutCodes:
    """The data that a checkpoint stores of its N held-out images. N is 0 where it stores none."""

    codes: np.ndarray
    """Mean codes, (N, d), or whole numbers (N, h, w)."""
    scales: np.ndarray | None
    """Standard deviations of the posteriors, (N, d), or None for posteriors that have none."""
    errors: np.ndarray | None
    """Mean squared error of each reconstruction, (N,), or None where it is not stored."""
    rates: np.ndarray | None
    """Rate of each image in nats, (N,), or None where it is not stored."""
    labels: np.ndarray | None
    """Class of each image, integers (N,), or None where the data set has no classes."""
    classes: tuple[str, ...]
    """Names of the classes."""


def held_out_codes(card: ModelCard) -> HeldOutCodes:
    """The held-out codes of a model, as its checkpoint stores them."""
    checkpoint = models.load(card.name)
    stored = checkpoint.held_out
    classes = tuple(str(name) for name in checkpoint.data.get("classes", ()))
    if stored is None:
        return HeldOutCodes(np.zeros((0, *card.config.structure.code_shape), np.float32), None, None, None, None, classes)
    scales, errors, rates, labels = (
        None if values is None else values.numpy() for values in (stored.scale, stored.mse, stored.rate, stored.labels)
    )
    # Codes that are stored as float16 lie a little beside their space.
    placed = checkpoint.model.space.project(stored.codes)
    return HeldOutCodes(placed.numpy(), scales, errors, rates, labels if classes else None, classes)


def vectors(card: ModelCard, codes: np.ndarray) -> np.ndarray:
    """Codes as the points that a map is drawn of, (N, k): the codes (N, d) themselves, or the vectors of whole numbers."""
    return models.load(card.name).model.space.vectors(torch.from_numpy(codes)).numpy()


def principal_plane(codes: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """The mean and the two leading principal directions of codes, (3, d), and the share of the variance along each."""
    n, d = codes.shape
    mean, directions, explained = principal(codes) if n else (np.zeros(d), np.eye(2, d), (0.0, 0.0))
    return np.vstack([mean, directions]), explained


def reason_without_spread(card: ModelCard) -> str:
    """Returns a sentence that says why pages do not draw the spread of this model's posteriors.

    It is empty where the spread is drawn, and where a code has none.
    """
    posterior, stored = card.config.posterior, models.load(card.name).held_out
    if not posterior.has_density or stored is None or stored.scale is not None:
        return ""
    return (
        f"Its spread is not drawn: its posterior ({posterior.title}) has no standard deviation for each dimension. The page "
        "Map shows the codes of all held-out images."
    )


def unused_dimensions(card: ModelCard, codes: np.ndarray) -> Sequence[int]:
    """The dimensions that have collapsed to the prior.

    There are none for a model without a rate, and for one whose dimensions are not independent.
    """
    model = models.load(card.name).model
    if not (model.capabilities.rate and model.space.independent_dimensions and len(codes)):
        return ()
    return [int(i) for i in np.flatnonzero(codes.var(axis=0) <= activity.THRESHOLD)]


def fitted_gaussian(card: ModelCard) -> np.ndarray | None:
    """The mean and a root of the covariance of the training codes, (1 + d, d).

    None for a model that has a prior, and where no Gaussian was fitted.
    """
    fitted = None if models.has_prior(card) else models.fitted_codes(card)
    return None if fitted is None else np.vstack([fitted.mean.numpy(), fitted.root.numpy()])


def prior_draws(card: ModelCard) -> np.ndarray | None:
    """Codes drawn from the prior of a model, (PRIOR_DRAWS, d). None for one that a page draws from by itself."""
    if card.config.prior.is_standard:
        return None
    return models.load(card.name).model.prior.sample(PRIOR_DRAWS, torch.Generator().manual_seed(0)).numpy()


def dimension_order(card: ModelCard, codes: np.ndarray) -> list[int]:
    """The dimensions, most used first: ordered by their rate where it is known, otherwise by the variance of the codes."""
    use = _rate_by_dimension(card)
    if use is None:
        use = codes.var(axis=0) if len(codes) else np.zeros(card.config.latent)
    return [int(i) for i in np.argsort(-np.asarray(use), kind="stable")]


def dimension_labels(card: ModelCard) -> list[str]:
    """The label of each dimension, with its rate where it is known."""
    use = _rate_by_dimension(card)
    names = [f"z{i + 1}" for i in range(card.config.latent)]
    if use is None:
        return names
    return [f"{name} ({labelled('rate', {'rate': rate}, 1)})" for name, rate in zip(names, use, strict=True)]


def _rate_by_dimension(card: ModelCard) -> list[float] | None:
    use = card.metrics.get("rate_by_group")
    return use if isinstance(use, list) and len(use) == card.config.latent else None

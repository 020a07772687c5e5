"""What models make of the same images: reconstructions, samples, ways between two images, and their figures side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from explorer.components.pictures import amounts
from explorer.services import models
from explorer.services.models import Card, Shelf


@dataclass(frozen=True)
class Figure:
    """A held-out figure as a row of the table."""

    name: str
    title: str
    unit: str
    about: str
    better: int
    """-1: low is better, 1: high is, 0: neither."""
    places: int


FIGURES = (
    Figure("distortion", "Distortion", "nats", "−log p(x|z), summed over pixels, at a code drawn from q(z|x).", -1, 2),
    Figure("rate", "Rate", "nats", "KL(q(z|x) ‖ p(z)): what a code tells of its image beyond the prior.", 0, 2),
    Figure("negative_elbo", "Negative ELBO", "nats", "Distortion + rate: an upper bound of −log p(x).", -1, 2),
    Figure("mse", "MSE", "", "Mean squared error over pixels in [0, 1], of the reconstruction at the mean code.", -1, 4),
    Figure("ssim", "SSIM", "", "Structural similarity of the same reconstruction; 1 is the same image.", 1, 3),
    Figure("active_units", "Active units", "", "Dimensions whose mean code varies by more than 0.01 over images.", 0, 0),
)
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


def best(cards: Sequence[Card], figure: Figure) -> set[str]:
    """The names of the models with the best value, where values differ and may be compared: of one kind, on the same images."""
    known = [card for card in cards if card.metrics.get(figure.name) is not None]
    if figure.name in NATS and len({card.config.likelihood.scale for card in known}) > 1:
        return set()
    if len({card.fingerprint for card in known}) > 1:
        return set()
    marks = better([card.metrics[figure.name] for card in known], figure)
    return {card.name for card, mark in zip(known, marks, strict=True) if mark}


def better(values: Sequence[float | None], figure: Figure) -> list[bool]:
    """Which of the values are the best, as the table shows them; none where fewer than two are known."""
    known = [value for value in values if value is not None]
    if not figure.better or len(known) < 2:
        return [False] * len(values)
    top = shown(max(known, key=lambda value: figure.better * value), figure)
    return [value is not None and shown(value, figure) == top for value in values]


def shown(value: float | None, figure: Figure) -> str:
    """The value as the table has it; a dash where it is not defined."""
    return "—" if value is None else f"{value:.{figure.places}f}"


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
    return not model.posterior.stochastic and models.codes_root(model) is not None


def has_prior(card: Card) -> bool:
    """Whether the model was trained to decode draws from its prior."""
    return models.load(card.name).model.posterior.stochastic


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

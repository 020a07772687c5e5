"""What the latent pad is given for a model: its program, a plane of its latent, and the held-out codes on that plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.components.latent_pad import PadData
from explorer.components.tokens import tokens
from explorer.services import models
from explorer.services.models import Card
from vae_core.export import decoder_program

POINTS = 2000
"""Held-out codes drawn: more would hide the images behind them."""
KEPT = 12
"""Pads of so many models stay in memory."""
SPREAD = 0.005
"""Share of the codes left out at each side of each axis, so that a few strays do not shrink the rest."""
OTHER = {"colour": "#5b6470", "marker": "triangle"}


def pad(card: Card, start: tuple[float, float] | None = None) -> bytes:
    """The pad of a model as it is sent to the page; the handle starts at `start`, or at the first held-out image."""
    return _pad(card.name, models.stamp(card.name), start)


@st.cache_data(max_entries=KEPT, show_spinner=False)
def _pad(name: str, stamp: int, start: tuple[float, float] | None) -> bytes:
    checkpoint = models.load(name)
    model, held_out = checkpoint.model, checkpoint.held_out
    card = models.shelf().card(name)
    codes = np.zeros((1, model.config.latent), np.float32) if held_out is None else held_out.codes.numpy()
    first, second = dimensions(card, codes)
    through = plane(codes, (first, second))
    labels = None if held_out is None or held_out.labels is None else held_out.labels[:POINTS].numpy()
    classes = tuple(str(c) for c in checkpoint.data.get("classes", ()))
    style = tokens()["models"].get(card.kind, OTHER)
    data = PadData(
        program=decoder_program(model).to_bytes(),
        latent=model.config.latent,
        image=model.config.image,
        origin=through.origin,
        u=through.u,
        v=through.v,
        extent=_extent(through.points),
        axes=(_axis(card, first), _axis(card, second)),
        points=through.points,
        labels=labels if classes else None,
        classes=classes,
        start=start or through.start,
        title=card.title,
        colour=style["colour"],
        marker=style["marker"],
        smooth=model.config.image[0] == 3,
    )
    return data.to_bytes()


@dataclass(frozen=True)
class Plane:
    """z = origin + a u + b v, with the held-out codes on it."""

    origin: np.ndarray
    """(d,), as are u and v."""
    u: np.ndarray
    v: np.ndarray
    points: np.ndarray
    """(a, b) of the codes that are drawn, (N, 2)."""
    start: tuple[float, float]
    """(a, b) of the first code, which lies in the plane whatever d is."""


def plane(codes: np.ndarray, dimensions: tuple[int, int]) -> Plane:
    """The plane of two dimensions through the first of the codes (N, d)."""
    first, second = dimensions
    u, v = np.eye(codes.shape[1], dtype=np.float32)[[first, second]]
    if first == second:
        v = np.zeros_like(v)
    origin = codes[0] * (1 - u - v)
    points = codes[:POINTS, [first, second]]
    return Plane(origin, u, v, points, (float(points[0, 0]), float(points[0, 1])))


def dimensions(card: Card, codes: np.ndarray) -> tuple[int, int]:
    """The two dimensions that the model uses most: by their KL where it has one, else by the variance of the codes."""
    if card.config.latent == 1:
        return 0, 0
    if card.config.latent == 2:
        return 0, 1
    use = card.metrics.get("rate_by_group")
    if not isinstance(use, list) or len(use) != card.config.latent:
        use = codes.var(axis=0)
    first, second = np.argsort(-np.asarray(use), kind="stable")[:2]
    return int(first), int(second)


def _axis(card: Card, dimension: int) -> str:
    use = card.metrics.get("rate_by_group")
    kl = f" (KL {use[dimension]:.1f} nats)" if isinstance(use, list) and len(use) == card.config.latent else ""
    return f"z{dimension + 1}{kl}"


def _extent(points: np.ndarray) -> tuple[float, float, float, float]:
    if len(points) < 2:
        return -3.0, 3.0, -3.0, 3.0
    sides = []
    for axis in points.T:
        low, high = np.quantile(axis, [SPREAD, 1 - SPREAD])
        margin = max(0.05 * (high - low), 1e-3)
        sides += [float(low - margin), float(high + margin)]
    return tuple(sides)

"""Maps of a model's held-out codes: read where they are stored, drawn by a worker where they are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.services import checkpoint_files, jobs, models, places
from explorer.services.models import Card
from vae_core import projection
from vae_core.projection import METHODS, Method, Projection

__all__ = ["METHODS", "Method", "Wait", "draw", "find"]

AT_ONCE = ("pca",)
"""Methods that take no longer than a page may."""


@dataclass(frozen=True)
class Wait:
    """A map that is not there yet."""

    state: str
    """A job's state, or "absent" where no one has asked for it."""
    share: float = 0.0
    """How much of it is done."""
    message: str = ""
    """Why it failed."""
    job: jobs.Job | None = None

    @property
    def under_way(self) -> bool:
        return self.job is not None and self.state in jobs.UNDER_WAY


def find(card: Card, method: str, parameters: dict[str, float]) -> Projection | Wait:
    """The map of a model's held-out codes, or how far it is. Raises ValueError where the model has no such codes."""
    codes = _codes(card)
    if method in AT_ONCE:
        return projection.project(codes, method, **parameters)
    stored = projection.load(places.maps(), codes, method, **parameters)
    if stored is not None:
        return stored
    job = jobs.find(_name(codes, method, parameters))
    if job is None:
        return Wait("absent")
    events, _ = job.events()
    share = next((event["share"] for event in reversed(events) if event["event"] == "progress"), 0.0)
    state = job.state
    # Done, and yet not stored: it has just been, or it was stored and has been let go since.
    if state == "done":
        stored = projection.load(places.maps(), codes, method, **parameters)
        return Wait("absent") if stored is None else stored
    end = job.end() or {}
    return Wait(state, share, str(end.get("message", "")), job)


def draw(card: Card, method: str, parameters: dict[str, float]) -> None:
    """Starts a worker that draws the map, where none is at it. Raises JobError."""
    given = {
        "checkpoint": str(checkpoint_files.find(card.name).path),
        "method": method,
        "parameters": parameters,
        "folder": str(places.maps()),
    }
    jobs.submit("map", given, name=_name(_codes(card), method, parameters))


def _name(codes: np.ndarray, method: str, parameters: dict[str, float]) -> str:
    return f"map-{projection.key(codes, method, **parameters)}"


def _codes(card: Card) -> np.ndarray:
    held_out = models.load(card.name).held_out
    if held_out is None:
        raise ValueError("This checkpoint carries no codes of held-out images to draw a map of.")
    return held_out.codes.numpy()

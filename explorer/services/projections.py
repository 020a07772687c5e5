"""Projections of a model's held-out codes: loaded where they are stored, otherwise computed by a job."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.services import checkpoint_files, jobs, models, user_folders
from explorer.services.models import ModelCard
from vae_core import projection
from vae_core.projection import METHODS, Method, Projection

__all__ = ["METHODS", "Method", "PendingProjection", "Projection", "find", "start"]

IMMEDIATE = ("pca",)
"""Methods that are fast enough to run while a page is drawn."""
SEED = 0
"""The seed of all projections."""


@dataclass(frozen=True)
class PendingProjection:
    """A projection that is not available yet."""

    state: str
    """The state of its job, or "absent" where no job was started."""
    share: float = 0.0
    """The share of the work that is done, 0 to 1."""
    message: str = ""
    """Why it failed; empty where it did not."""
    job: jobs.Job | None = None

    @property
    def under_way(self) -> bool:
        """True if a job is starting or running."""
        return self.job is not None and self.state in jobs.UNDER_WAY


def find(card: ModelCard, method: str, parameters: dict[str, float]) -> Projection | PendingProjection:
    """The projection of a model's held-out codes, or the state of its job.

    Raises ValueError where the checkpoint has no codes.
    """
    codes = _codes(card)
    if method in IMMEDIATE:
        return projection.project(codes, method, seed=SEED, progress=None, **parameters)
    stored = projection.load(user_folders.maps(), codes, method, seed=SEED, **parameters)
    if stored is not None:
        return stored
    job = jobs.find(_name(codes, method, parameters))
    if job is None:
        return PendingProjection("absent")
    events, _ = job.events()
    share = next((event["share"] for event in reversed(events) if event["event"] == "progress"), 0.0)
    state = job.state
    # The job is done but nothing was stored above: either it was stored in the meantime, or it has been removed from the store
    # since.
    if state == "done":
        stored = projection.load(user_folders.maps(), codes, method, seed=SEED, **parameters)
        return PendingProjection("absent") if stored is None else stored
    end = job.end() or {}
    return PendingProjection(state, share, str(end.get("message", "")), job)


def start(card: ModelCard, method: str, parameters: dict[str, float]) -> None:
    """Starts a job that computes the projection, unless one is under way. Raises JobError."""
    arguments = {
        "checkpoint": str(checkpoint_files.find(card.name).path),
        "method": method,
        "parameters": parameters,
        "folder": str(user_folders.maps()),
    }
    jobs.submit("map", arguments, name=_name(_codes(card), method, parameters))


def _name(codes: np.ndarray, method: str, parameters: dict[str, float]) -> str:
    return f"map-{projection.key(codes, method, seed=SEED, **parameters)}"


def _codes(card: ModelCard) -> np.ndarray:
    checkpoint = models.load(card.name)
    if checkpoint.held_out is None:
        raise ValueError("This checkpoint stores no codes of held-out images, so there is no map of it.")
    return checkpoint.model.space.vectors(checkpoint.held_out.codes).numpy()

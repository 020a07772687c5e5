"""Data sets: which are on this computer, their held-out images, and the fetching of others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from explorer.services import jobs
from explorer.services.jobs import Job
from explorer.services.models import Card
from vae_core.data import FETCHABLE, NAMES, DataError, available, load_dataset
from vae_core.data.roots import VARIABLE
from vae_core.data.sources import part_of

KEPT = 3
"""Data sets whose held-out images stay in memory."""


@dataclass(frozen=True)
class Found:
    """A named data set, as it is now."""

    name: str
    title: str
    ready: bool
    about: str
    """Where it is, or how else to get it."""
    fetchable: bool = False
    fetching: bool = False
    what: str = ""
    """What is being fetched."""
    share: float = 0.0
    problem: str = ""
    """Why it could not be fetched."""


def table() -> list[Found]:
    """All named data sets."""
    return [_found(*row) for row in available()]


def _found(name: str, title: str, state: str, about: str) -> Found:
    base = Found(name, title, state == "ready", about, name in FETCHABLE)
    if not base.ready and base.fetchable:
        said = part_of(name)
        there = f"Not complete: {said}." if said else "Not on this computer."
        about = f"{there} Fetch it, or start the app with {VARIABLE} set to the folder that holds it."
        base = replace(base, about=about)
    job = jobs.find(_job_name(name))
    if job is None or base.ready:
        return base
    under_way, state = job.under_way, job.state
    events = [event for event in job.events()[0] if event["event"] == "progress"] if under_way else []
    last = events[-1] if events else {"what": "asking for it", "done": 0, "total": 0}
    share = min(1.0, last["done"] / last["total"]) if last["total"] else 0.0
    what = f"{last['what']}, {last['done'] / 1e6:,.1f} MB".capitalize() if last["done"] else "Asking for it"
    end = job.end() or {}
    problem = str(end.get("message", "")) if state == "failed" else ""
    return replace(base, fetching=under_way, what=what, share=share, problem=problem)


def fetch(name: str) -> Job:
    """Starts to fetch a data set. Raises JobError."""
    return jobs.submit("fetch", {"data": name}, name=_job_name(name))


def stop(name: str) -> None:
    """Stops it; what has come stays for the next attempt."""
    job = jobs.find(_job_name(name))
    if job is not None:
        job.stop()


def _job_name(name: str) -> str:
    return f"fetch-{name.replace('_', '-')}"


def originals(data: str, fingerprint: str) -> np.ndarray | None:
    """The test images of a data set, uint8 (N, C, H, W), in the order of the checkpoints' held-out codes.

    None where the set is not on this computer, or is not, byte for byte, the one of that fingerprint.
    """
    found = _held_out(data, fingerprint) if _ready(data) else None
    return None if found is None else found.images


def attributes(data: str, fingerprint: str) -> tuple[np.ndarray, tuple[str, ...]] | None:
    """What is known of each of them, uint8 0/1 (N, A), and the names of the A attributes; None where nothing is."""
    found = _held_out(data, fingerprint) if _ready(data) else None
    return None if found is None or found.attributes is None else (found.attributes, found.attribute_names)


def absent(card: Card) -> str:
    """Why the images of a model's data set are not shown, in a sentence; empty where they are at hand."""
    if at_hand(card):
        return ""
    if card.source not in NAMES:
        return f"The images of {card.data_title} are not kept with {card.title}."
    if _ready(card.source):
        return f"The {card.data_title} on this computer is not the data set that {card.title} was trained on."
    return f"The images of {card.data_title} are not on this computer."


def at_hand(card: Card) -> bool:
    """Whether the images are there: part of what is known of a model that changes while the app runs, when they are fetched."""
    return originals(card.source, card.fingerprint) is not None


def _ready(data: str) -> bool:
    return any(name == data and state == "ready" for name, _, state, _ in available())


@dataclass(frozen=True, eq=False)
class _HeldOut:
    images: np.ndarray
    attributes: np.ndarray | None
    attribute_names: tuple[str, ...]


@st.cache_resource(max_entries=KEPT, show_spinner="Reading the held-out images")
def _held_out(data: str, fingerprint: str) -> _HeldOut | None:
    try:
        found = load_dataset(data)
    except DataError:
        return None
    if found.fingerprint != fingerprint:
        return None
    test = found.test
    # Copies: views would keep the training images in memory too.
    known = None if test.attributes is None else test.attributes.numpy().copy()
    return _HeldOut(test.x.numpy().copy(), known, tuple(found.attribute_names))

"""Data sets: which of them are on this computer, their held-out images, and how to fetch others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from explorer.services import jobs
from explorer.services.jobs import Job
from explorer.services.models import ModelCard
from vae_core.data import FETCHABLE, NAMES, DataError, available, load_dataset
from vae_core.data.roots import VARIABLE
from vae_core.data.sources import FIELDS_OF, part_of

MAX_CACHED = 3
"""Number of data sets whose held-out images stay in memory."""


@dataclass(frozen=True)
class DatasetStatus:
    """The current state of a named data set."""

    name: str
    title: str
    ready: bool
    """True if the data set is complete on this computer."""
    about: str
    """Where the data set is, or how to get it."""
    fetchable: bool = False
    fetching: bool = False
    """True if a job is fetching it now."""
    activity: str = ""
    """The file that is being fetched, and how much of it has arrived."""
    share: float = 0.0
    """The share of the current file that has arrived, 0 to 1."""
    problem: str = ""
    """Why the last attempt to fetch it failed; empty where none failed."""


def statuses() -> list[DatasetStatus]:
    """The state of all named data sets."""
    return [_status(*row) for row in available()]


def _status(name: str, title: str, state: str, about: str) -> DatasetStatus:
    base = DatasetStatus(name, title, state == "ready", about, name in FETCHABLE)
    if not base.ready and base.fetchable:
        reason = part_of(name)
        missing = f"Not complete: {reason}." if reason else "Not on this computer."
        about = f"{missing} Fetch it, or start the app with {VARIABLE} set to the folder that holds it."
        base = replace(base, about=about)
    job = jobs.find(_job_name(name))
    if job is None or base.ready:
        return base
    under_way, state = job.under_way, job.state
    events = [event for event in job.events()[0] if event["event"] == "progress"] if under_way else []
    last = events[-1] if events else {"what": "connecting", "done": 0, "total": 0}
    share = min(1.0, last["done"] / last["total"]) if last["total"] else 0.0
    activity = f"{last['what']}, {last['done'] / 1e6:,.1f} MB".capitalize() if last["done"] else "Connecting"
    end = job.end() or {}
    problem = str(end.get("message", "")) if state == "failed" else ""
    return replace(base, fetching=under_way, activity=activity, share=share, problem=problem)


def fetch(name: str) -> Job:
    """Starts a job that fetches a data set. Raises JobError."""
    return jobs.submit("fetch", {"data": name}, name=_job_name(name))


def stop(name: str) -> None:
    """Stops fetching a data set. What has arrived stays for the next attempt."""
    job = jobs.find(_job_name(name))
    if job is not None:
        job.stop()


def _job_name(name: str) -> str:
    return f"fetch-{name.replace('_', '-')}"


def has_observations_for(name: str, card: ModelCard) -> bool:
    """True if a named data set is of such observations as the model: images, or texts of the same characters and length."""
    known, field = FIELDS_OF[name], card.config.modelled
    return known == field if field.discrete else known.kind == field.kind


def originals(card: ModelCard) -> np.ndarray | None:
    """The test images or texts of a model's data set, uint8 (N, C, H, W) or (N, length), in the order of its held-out codes.

    None where the data set is not on this computer, its content does not have the fingerprint that the model was trained on, or
    the model says that it is of other observations.
    """
    fits = _ready(card.source) and has_observations_for(card.source, card)
    found = _test_images(card.source, card.fingerprint) if fits else None
    return None if found is None else found.images


def attributes(data: str, fingerprint: str) -> tuple[np.ndarray, tuple[str, ...]] | None:
    """Binary attributes of the test images, uint8 (N, A), and the names of the A attributes.

    None where the data set has none, or is not available as for `originals`.
    """
    found = _test_images(data, fingerprint) if _ready(data) else None
    return None if found is None or found.attributes is None else (found.attributes, found.attribute_names)


def reason_missing(card: ModelCard) -> str:
    """Why the images of a model's data set are not shown, in a sentence; empty where they are available."""
    if has_originals(card):
        return ""
    if card.source not in NAMES:
        return f"The {card.config.modelled.noun}s of {card.data_title} are not kept with {card.title}."
    if _ready(card.source):
        return f"The {card.data_title} on this computer is not the data set that {card.title} was trained on."
    return f"The {card.config.modelled.noun}s of {card.data_title} are not on this computer."


def has_originals(card: ModelCard) -> bool:
    """True if the images of a model's data set are available.

    This can change while the app runs, when a data set is fetched.
    """
    return originals(card) is not None


def _ready(data: str) -> bool:
    return any(name == data and state == "ready" for name, _, state, _ in available())


@dataclass(frozen=True, eq=False)
class _TestImages:
    images: np.ndarray
    attributes: np.ndarray | None
    attribute_names: tuple[str, ...]


@st.cache_resource(max_entries=MAX_CACHED, show_spinner="Reading the held-out images")
def _test_images(data: str, fingerprint: str) -> _TestImages | None:
    try:
        found = load_dataset(data)
    except DataError:
        return None
    if found.fingerprint != fingerprint:
        return None
    test = found.test
    # These are copies, because views would keep the training images in memory too.
    known = None if test.attributes is None else test.attributes.numpy().copy()
    return _TestImages(test.x.numpy().copy(), known, tuple(found.attribute_names))

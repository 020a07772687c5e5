"""Fine-tuning runs as their folders have them: how far each is, what it was told, and what it has come to."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.services import jobs
from explorer.services.jobs import Job, State
from explorer.services.tasks.fine_tune import RESULT, VIEWS
from explorer.services.text import distinct
from vae_core import checkpoint
from vae_core.checkpoint import Checkpoint, CheckpointError
from vae_core.training.events import FewSteps
from vae_core.training.kept_weights import kept_weights

__all__ = [
    "COMPILING", "KIND", "Point", "Run", "find", "forget", "kept_weights", "labels", "read", "result", "under_way", "view",
]  # fmt: skip

KIND = "fine-tune"
COMPILING = "Compiling its steps, which takes up to a minute the first time"
"""The phase in which a run does not hear that it is to stop."""


@dataclass(frozen=True)
class Point:
    """A moment of a run: means since the last one, in nats an image."""

    step: int
    loss: float
    distortion: float
    rate: float | None


@dataclass
class Run:
    """What a run's folder says of it now."""

    job: Job
    state: State
    model: str
    """What it started from, as it was called then."""
    data: str
    request: dict[str, Any]
    device: str = ""
    phase: str = ""
    share: float = 0.0
    """How much of the phase is done."""
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    images_per_second: float | None = None
    training: list[Point] = field(default_factory=list)
    validation: list[Point] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    views: list[int] = field(default_factory=list)
    """Steps at which the model was looked at."""
    refused: int = 0
    """Files of own images that were not used."""
    refused_lines: list[str] = field(default_factory=list)
    """Their names and the reasons, folded."""
    about: str = ""
    """The data set that it trains on, in a sentence."""
    note: str = ""
    """How that is another one than the model was trained on before; empty for the same."""
    message: str = ""
    """Why it failed."""
    warning: str = ""
    """What a person should know of it while it runs; empty where there is nothing."""
    stopping: bool = False

    @property
    def under_way(self) -> bool:
        return self.state in jobs.UNDER_WAY


def labels() -> dict[str, str]:
    """The runs, newest first: their names, and what they are called on the page."""
    found = {}
    for job in jobs.jobs(KIND):
        request = job.request()
        when = time.strftime("%d %b, %H:%M", time.localtime(request["submitted"]))
        found[job.name] = f"{request['arguments'].get('model', '')} on {request['arguments'].get('title', '')}, {when}"
    return distinct(found)


def under_way() -> list[str]:
    """Names of the runs that are, newest first."""
    return [job.name for job in jobs.jobs(KIND) if job.under_way]


def find(name: str) -> Run | None:
    """The run of that name, if there is one."""
    job = jobs.find(name)
    return None if job is None or job.request()["kind"] != KIND else read(job)


def read(job: Job) -> Run:
    """A run as its folder has it. Raises JobError where that is broken."""
    arguments = job.request()["arguments"]
    run = Run(job, job.state, str(arguments.get("model", "")), str(arguments.get("title", "")), arguments)
    for event in job.events()[0]:
        _HEARD.get(event["event"], _ignore)(run, event)
    run.views = [step for step in run.views if _view_file(run, step).is_file()]
    run.stopping = job.stopping
    return run


def _ignore(run: Run, event: dict[str, Any]) -> None:
    """What is of no use on the page."""


def _begun(run: Run, event: dict[str, Any]) -> None:
    run.refused, run.refused_lines = 0, []


def _refused(run: Run, event: dict[str, Any]) -> None:
    if "lines" in event:
        run.refused, run.refused_lines = int(event["count"]), [str(line) for line in event["lines"]]
    else:
        # Older runs told of each file by itself.
        run.refused += 1
        run.refused_lines.append(f"{event['name']}: {event['reason']}")


def _data(run: Run, event: dict[str, Any]) -> None:
    run.about, run.note = str(event["about"]), str(event["note"])


def _compiling(run: Run, event: dict[str, Any]) -> None:
    run.phase, run.share = COMPILING, 0.0


def _started(run: Run, event: dict[str, Any]) -> None:
    run.phase, run.share, run.step, run.steps = "Training", 0.0, event["step"], event["steps"]
    # A run that goes on after a crash does again what came after its last saved state.
    run.training = [point for point in run.training if point.step <= event["step"]]
    run.validation = [point for point in run.validation if point.step <= event["step"]]
    run.views = [step for step in run.views if step <= event["step"]]


def _point(event: dict) -> Point:
    return Point(event["step"], event["loss"], event["terms"]["distortion"], event["terms"].get("rate"))


def _progress(run: Run, event: dict[str, Any]) -> None:
    run.step, run.steps, run.seconds_left = event["step"], event["steps"], event["seconds_left"]
    run.images_per_second = event["images_per_second"]
    run.phase, run.share = "Training", event["step"] / max(1, event["steps"])
    run.training.append(_point(event))


def _validated(run: Run, event: dict[str, Any]) -> None:
    run.step = event["step"]
    run.validation.append(_point(event))


def _phase(run: Run, event: dict[str, Any]) -> None:
    run.phase, run.share, run.seconds_left = event["name"], event["share"], None


def _viewed(run: Run, event: dict[str, Any]) -> None:
    run.views = sorted({*run.views, event["step"]})


def _few_steps(run: Run, event: dict[str, Any]) -> None:
    run.warning = str(FewSteps(event["step"], event["steps"], event["seconds"]))


def _ended(run: Run, event: dict[str, Any]) -> None:
    run.message = str(event.get("message", ""))


_HEARD = {
    "begin": _begun,
    "device": lambda run, event: setattr(run, "device", str(event["name"])),
    "before": lambda run, event: setattr(run, "before", dict(event["metrics"])),
    "compiling": _compiling,
    "refused": _refused,
    "data": _data,
    "started": _started,
    "fewsteps": _few_steps,
    "progress": _progress,
    "validated": _validated,
    "phase": _phase,
    "view": _viewed,
    "end": _ended,
}


def _view_file(run: Run, step: int) -> Path:
    return run.job.folder / VIEWS / f"{step:09d}.npz"


@st.cache_data(max_entries=64, show_spinner=False)
def _read_view(path: str, changed: int) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in ("x", "rebuilt", "drawn")}


def view(run: Run, step: int) -> dict[str, np.ndarray]:
    """What the model made at a step, uint8 (N, C, H, W): `x` (held-out images), `rebuilt`, and `drawn` of the same codes."""
    path = _view_file(run, step)
    return _read_view(str(path), path.stat().st_mtime_ns)


def result(run: Run) -> Checkpoint | None:
    """What the run has come to; None where there is nothing."""
    path = run.job.folder / RESULT
    if run.under_way or not path.is_file():
        return None
    try:
        return _result(str(path), path.stat().st_mtime_ns)
    except CheckpointError:
        return None


@st.cache_resource(max_entries=4, show_spinner=False)
def _result(path: str, changed: int) -> Checkpoint:
    return checkpoint.load(Path(path))


def forget() -> None:
    """What is remembered of runs, pictures of one's own among it."""
    _read_view.clear(), _result.clear()

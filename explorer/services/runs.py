"""Fine-tuning runs, read from their job folders: their progress, loss terms, snapshots and results."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.services import jobs
from explorer.services.jobs import Job, State
from explorer.services.tasks.fine_tune import RESULT, SNAPSHOTS
from explorer.services.text import unique_labels
from vae_core import checkpoint
from vae_core.checkpoint import Checkpoint, CheckpointError
from vae_core.training.events import FewSteps
from vae_core.training.kept_weights import kept_weights

__all__ = [
    "COMPILING", "KIND", "FineTuningRun", "LossPoint", "clear_cache", "find", "kept_weights", "labels", "read", "result",
    "snapshot", "stored_curves", "under_way",
]  # fmt: skip

KIND = "fine-tune"
"""The kind of these jobs."""
COMPILING = "Compiling the training step, which takes up to a minute the first time"
"""The name of the phase in which a run cannot be stopped."""


@dataclass(frozen=True)
class LossPoint:
    """The loss and its terms at one step of a run."""

    step: int
    values: Mapping[str, float | None]
    """Means since the last such point, by name: `loss`, and each term before its weight. None: not known."""


@dataclass
class FineTuningRun:
    """The current state of a run."""

    job: Job
    state: State
    model: str
    """Title of the model that it started from."""
    data: str
    """Title of the data set that it trains on."""
    request: dict[str, Any]
    """The arguments of its job."""
    device: str = ""
    phase: str = ""
    """The name of the current phase."""
    share: float = 0.0
    """The share of the phase that is done, 0 to 1."""
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    images_per_second: float | None = None
    training: list[LossPoint] = field(default_factory=list)
    validation: list[LossPoint] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    """Held-out metrics before the training."""
    snapshots: list[int] = field(default_factory=list)
    """Steps of the stored snapshots."""
    refused: int = 0
    """Number of the user's files that were not used."""
    refused_lines: list[str] = field(default_factory=list)
    """Names of the unused files with the reasons, similar ones in one line."""
    about: str = ""
    """A sentence about the data set that it trains on."""
    note: str = ""
    """A sentence on how this data set differs from the one that the model was trained on before; empty where it is the same."""
    message: str = ""
    """Why the run failed; empty where it did not."""
    warning: str = ""
    """A warning to show while the run is under way; empty for none."""
    stopping: bool = False
    """True if it was asked to stop and has not stopped yet."""

    @property
    def under_way(self) -> bool:
        """True if its job is starting or running."""
        return self.state in jobs.UNDER_WAY


def labels() -> dict[str, str]:
    """The unique labels of all runs by name, newest first."""
    found = {}
    for job in jobs.jobs(KIND):
        request = job.request()
        when = time.strftime("%d %b, %H:%M", time.localtime(request["submitted"]))
        found[job.name] = f"{request['arguments'].get('model', '')} on {request['arguments'].get('title', '')}, {when}"
    return unique_labels(found)


def under_way() -> list[str]:
    """Names of the runs that are under way, newest first."""
    return [job.name for job in jobs.jobs(KIND) if job.under_way]


def find(name: str) -> FineTuningRun | None:
    """The run of that name, or None."""
    job = jobs.find(name)
    return None if job is None or job.request()["kind"] != KIND else read(job)


def read(job: Job) -> FineTuningRun:
    """Reads a run from its job. Raises JobError where the folder is broken."""
    arguments = job.request()["arguments"]
    run = FineTuningRun(job, job.state, str(arguments.get("model", "")), str(arguments.get("title", "")), arguments)
    for event in job.events()[0]:
        _HANDLERS.get(event["event"], _ignore)(run, event)
    run.snapshots = [step for step in run.snapshots if _snapshot_file(run, step).is_file()]
    run.stopping = job.stopping
    return run


def _ignore(run: FineTuningRun, event: dict[str, Any]) -> None:
    """Events that the page does not need."""


def _begun(run: FineTuningRun, event: dict[str, Any]) -> None:
    run.refused, run.refused_lines = 0, []


def _refused(run: FineTuningRun, event: dict[str, Any]) -> None:
    if "lines" in event:
        run.refused, run.refused_lines = int(event["count"]), [str(line) for line in event["lines"]]
    else:
        # Older runs emitted one event for each file.
        run.refused += 1
        run.refused_lines.append(f"{event['name']}: {event['reason']}")


def _data(run: FineTuningRun, event: dict[str, Any]) -> None:
    run.about, run.note = str(event["about"]), str(event["note"])


def _compiling(run: FineTuningRun, event: dict[str, Any]) -> None:
    run.phase, run.share = COMPILING, 0.0


def _started(run: FineTuningRun, event: dict[str, Any]) -> None:
    run.phase, run.share, run.step, run.steps = "Training", 0.0, event["step"], event["steps"]
    # A run that was resumed after a crash repeats the steps after its last saved state.
    run.training = [point for point in run.training if point.step <= event["step"]]
    run.validation = [point for point in run.validation if point.step <= event["step"]]
    run.snapshots = [step for step in run.snapshots if step <= event["step"]]


def _point(event: dict[str, Any]) -> LossPoint:
    # Runs of earlier versions have their terms beside the loss.
    terms = event.get("terms") or {name: event.get(name) for name in ("distortion", "rate")}
    return LossPoint(event["step"], {"loss": event["loss"], **terms})


def stored_curves(training: Mapping[str, Any]) -> tuple[list[LossPoint], list[LossPoint]]:
    """The loss and its terms on training and on validation images, from the summary of a training in a checkpoint."""
    curve = training.get("curve", [])
    return _part(curve, "train_"), _part(curve, "validation_")


def _part(curve: list[dict[str, Any]], part: str) -> list[LossPoint]:
    return [
        LossPoint(point["step"], {k.removeprefix(part): v for k, v in point.items() if k.startswith(part)}) for point in curve
    ]


def _progress(run: FineTuningRun, event: dict[str, Any]) -> None:
    run.step, run.steps, run.seconds_left = event["step"], event["steps"], event["seconds_left"]
    run.images_per_second = event["images_per_second"]
    run.phase, run.share = "Training", event["step"] / max(1, event["steps"])
    run.training.append(_point(event))


def _validated(run: FineTuningRun, event: dict[str, Any]) -> None:
    run.step = event["step"]
    run.validation.append(_point(event))


def _phase(run: FineTuningRun, event: dict[str, Any]) -> None:
    run.phase, run.share, run.seconds_left = event["name"], event["share"], None


def _snapshot_stored(run: FineTuningRun, event: dict[str, Any]) -> None:
    run.snapshots = sorted({*run.snapshots, event["step"]})


def _few_steps(run: FineTuningRun, event: dict[str, Any]) -> None:
    run.warning = str(FewSteps(event["step"], event["steps"], event["seconds"]))


def _ended(run: FineTuningRun, event: dict[str, Any]) -> None:
    run.message = str(event.get("message", ""))


_HANDLERS = {
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
    "view": _snapshot_stored,
    "end": _ended,
}


def _snapshot_file(run: FineTuningRun, step: int) -> Path:
    return run.job.folder / SNAPSHOTS / f"{step:09d}.npz"


@st.cache_data(max_entries=64, show_spinner=False)
def _read_snapshot(path: str, modified_ns: int) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in ("x", "rebuilt", "drawn")}


def snapshot(run: FineTuningRun, step: int) -> dict[str, np.ndarray]:
    """The snapshot at a step, as images uint8 (N, C, H, W) or texts, strings (N,), by name.

    `x` are held-out images, `rebuilt` their reconstructions, and `drawn` images decoded from the same codes at each step. That
    of a conditional model also has `rows`, the class of each row of `drawn` as text.
    """
    path = _snapshot_file(run, step)
    return _read_snapshot(str(path), path.stat().st_mtime_ns)


def result(run: FineTuningRun) -> Checkpoint | None:
    """The run's result, or None where there is none yet."""
    path = run.job.folder / RESULT
    if run.under_way or not path.is_file():
        return None
    try:
        return _result(str(path), path.stat().st_mtime_ns)
    except CheckpointError:
        return None


@st.cache_resource(max_entries=4, show_spinner=False)
def _result(path: str, modified_ns: int) -> Checkpoint:
    return checkpoint.load(Path(path))


def clear_cache() -> None:
    """Clears the caches of snapshots and results, which may hold the user's own images."""
    _read_snapshot.clear()
    _result.clear()

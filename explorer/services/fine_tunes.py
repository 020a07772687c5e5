"""Fine-tuning runs: started as jobs, read from their folders, their results kept or thrown away."""

from __future__ import annotations

import io
import shutil
import time
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.services import checkpoint_files, hardware, jobs, own_models, uploads
from explorer.services.jobs import Job, JobError, State
from explorer.services.models import Card
from explorer.services.tasks.fine_tune import OWN, RESULT, START, VIEWS
from explorer.services.text import distinct
from vae_core import checkpoint
from vae_core.checkpoint import Checkpoint, CheckpointError
from vae_core.config import TrainConfig
from vae_core.data import available
from vae_core.data.own_images import FEWEST
from vae_core.data.sources import SHAPES_OF
from vae_core.data.untrusted import shown

KIND = "fine-tune"
SAVE_EVERY = 10
"""Seconds of training that a crash may cost."""


@dataclass(frozen=True)
class Request:
    """What a run is to do."""

    model: str
    data: str | None
    """A named data set, or None for one's own images."""
    unit: str
    """What `amount` counts: "seconds" or "steps"."""
    amount: int
    lr: float
    batch_size: int
    seed: int
    beta: float | None
    """None where the model has no rate."""


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
    refused: list[tuple[str, str]] = field(default_factory=list)
    message: str = ""
    """Why it failed."""
    stopping: bool = False

    @property
    def under_way(self) -> bool:
        return self.state in jobs.UNDER_WAY


def data_sets(card: Card) -> list[tuple[str, str, bool]]:
    """(name, title, whether it is at hand) of the named sets whose images this model takes, its own first."""
    image = tuple(card.config.image)
    fits = [(name, title, state == "ready") for name, title, state, _ in available() if SHAPES_OF[name] == image]
    return sorted(fits, key=lambda found: found[0] != card.source)


def start(request: Request, card: Card, files: Sequence[tuple[str, bytes]] = ()) -> Run:
    """Starts a run. `files` (name, bytes): one's own images, or one .zip of them. Raises JobError."""
    titles = {name: title for name, title, _ in data_sets(card)}
    title = titles.get(request.data, "") if request.data else _title(files)
    if request.data is None and any(_is_zip(name) for name, _ in files) and len(files) > 1:
        raise JobError("Give one .zip, or images without a .zip: there are several files, and one of them is a .zip.")
    for name, content in files if request.data is None else ():
        if _is_zip(name) and not zipfile.is_zipfile(io.BytesIO(content)):
            raise JobError(f"{shown(name)} is not a .zip that can be read.")
    if request.data is None and not any(_is_zip(name) for name, _ in files) and len(files) < FEWEST:
        raise JobError(f"There are {len(files)} images, and a run needs at least {FEWEST}; add more, or give a .zip of them.")
    source = checkpoint_files.find(request.model).path
    length = {request.unit: request.amount}
    training = TrainConfig(
        lr=request.lr,
        batch_size=request.batch_size,
        seed=request.seed,
        threads=hardware.threads(),
        save_every=SAVE_EVERY,
        **length,
    )
    arguments = {
        "model": card.title,
        "data": request.data,
        "title": title,
        "names": {_stored(i, name): shown(name) for i, (name, _) in enumerate(files)},
        "preparation": asdict(uploads.usual_for(card)),
        "training": training.to_json(),
        "beta": request.beta,
    }

    def prepare(folder: Path) -> None:
        shutil.copyfile(source, folder / START)
        if request.data is None:
            _write(files, folder / OWN)

    return read(jobs.submit(KIND, arguments, prepare=prepare))


def _write(files: Iterable[tuple[str, bytes]], folder: Path) -> None:
    """Files under names of ours: of what a browser calls them only that a file is a .zip is believed."""
    folder.mkdir()
    for i, (name, content) in enumerate(files):
        (folder / _stored(i, name)).write_bytes(content)


def _stored(i: int, name: str) -> str:
    return f"{i:05d}.zip" if _is_zip(name) else f"{i:05d}.png"


def _title(files: Sequence[tuple[str, bytes]]) -> str:
    """What own images are called: as their .zip is."""
    name = shown(files[0][0]) if files else ""
    return name[: -len(".zip")] if _is_zip(name) and len(name) > len(".zip") else "own images"


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


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
    run.refused.clear()


def _started(run: Run, event: dict[str, Any]) -> None:
    run.phase, run.share, run.step, run.steps = "Training", 0.0, event["step"], event["steps"]
    # A run that goes on after a crash does again what came after its last saved state.
    run.training = [point for point in run.training if point.step <= event["step"]]
    run.validation = [point for point in run.validation if point.step <= event["step"]]
    run.views = [step for step in run.views if step <= event["step"]]


def _progress(run: Run, event: dict[str, Any]) -> None:
    run.step, run.steps, run.seconds_left = event["step"], event["steps"], event["seconds_left"]
    run.images_per_second = event["images_per_second"]
    run.phase, run.share = "Training", event["step"] / max(1, event["steps"])
    run.training.append(Point(event["step"], event["loss"], event["distortion"], event["rate"]))


def _validated(run: Run, event: dict[str, Any]) -> None:
    run.step = event["step"]
    run.validation.append(Point(event["step"], event["loss"], event["distortion"], event["rate"]))


def _phase(run: Run, event: dict[str, Any]) -> None:
    run.phase, run.share, run.seconds_left = event["name"], event["share"], None


def _viewed(run: Run, event: dict[str, Any]) -> None:
    run.views = sorted({*run.views, event["step"]})


def _ended(run: Run, event: dict[str, Any]) -> None:
    run.message = str(event.get("message", ""))


_HEARD = {
    "begin": _begun,
    "device": lambda run, event: setattr(run, "device", str(event["name"])),
    "before": lambda run, event: setattr(run, "before", dict(event["metrics"])),
    "refused": lambda run, event: run.refused.append((str(event["name"]), str(event["reason"]))),
    "started": _started,
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


def name_for(run: Run) -> str:
    """A free name under which to keep its result."""
    taken = {file.name.lower() for file in checkpoint_files.files()[0]}
    stem = own_models.cleaned(f"{run.model} tuned")[:50]
    names = [stem, *(f"{stem} {i}" for i in range(2, len(taken) + 3))]
    return next(name for name in names if name.lower() not in taken)


def keep(run: Run, name: str) -> str:
    """Keeps the result among one's own models; gives its name. Raises OwnModelError."""
    return own_models.keep(run.job.folder / RESULT, name)


def as_file(run: Run) -> bytes:
    """The result as a checkpoint's file."""
    return (run.job.folder / RESULT).read_bytes()


def discard(run: Run) -> None:
    """Deletes all that the run left. Raises JobError while it is under way."""
    run.job.remove()
    # Pictures of one's own are in them.
    _read_view.clear(), _result.clear()


def resume(run: Run) -> None:
    """Goes on from the last state that a run which broke off had saved. Raises JobError."""
    jobs.resume(run.job)


def sheet(images: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W), N a square, row by row as one picture (C, side * H, side * W)."""
    side = round(len(images) ** 0.5)
    _, c, h, w = images.shape
    return images.reshape(side, side, c, h, w).transpose(2, 0, 3, 1, 4).reshape(c, side * h, side * w)

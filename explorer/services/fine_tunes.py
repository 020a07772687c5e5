"""What is done with fine-tuning runs: started as jobs, gone on with, their results kept or thrown away."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from explorer.services import checkpoint_files, hardware, jobs, own_models, runs, uploads
from explorer.services.jobs import JobError
from explorer.services.models import Card
from explorer.services.runs import Run
from explorer.services.tasks.fine_tune import OWN, RESULT, START
from vae_core.config import LikelihoodConfig, TrainConfig, Trained
from vae_core.data import available
from vae_core.data.own_images import FEWEST
from vae_core.data.sources import SHAPES_OF
from vae_core.data.untrusted import shown

SAVE_EVERY = 10
"""Seconds of training that a crash may cost."""
BATCH_SIZES = (16, 32, 64, 128, 256, 512)
BATCH_SIZE = 64
LEARNING_RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
SAME_TASK_RATE, NEW_TASK_RATE = 1e-4, 3e-3
"""Learning rates that a run has unless a person chooses another: for the images and the loss that the model was trained with,
and for others. `tests/benchmarks/fine_tune_defaults.py` measures them."""


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
    likelihood: LikelihoodConfig | None = None
    """None: the model's own."""
    trained: Trained = "all"
    patience: int = 0
    ema: float = 0.0


def data_sets(card: Card) -> list[tuple[str, str, bool]]:
    """(name, title, whether it is at hand) of the named sets whose images this model takes, its own first."""
    image = tuple(card.config.image)
    fits = [(name, title, state == "ready") for name, title, state, _ in available() if SHAPES_OF[name] == image]
    return sorted(fits, key=lambda found: found[0] != card.source)


def takes_beta(card: Card, trained: Trained) -> bool:
    """Whether beta has an effect on a run that trains this part of the model."""
    return "beta" not in card.config.unused() | TrainConfig(steps=1, trained=trained).unused()


def learning_rate(card: Card, data: str | None, beta: float | None, likelihood: LikelihoodConfig) -> float:
    """The learning rate of a run on a data set (None: a person's own images) unless a person chooses another."""
    objective = card.config.objective
    same = data == card.source and likelihood == card.config.likelihood and beta in (None, objective.beta)
    return SAME_TASK_RATE if same else NEW_TASK_RATE


def likelihoods(card: Card) -> dict[LikelihoodConfig, str]:
    """Those that fit the model's images, in words; its own is the first."""
    own = card.config.likelihood
    mse = card.metrics.get("mse")
    # The sigma under which images are likeliest is the root of the mean squared error.
    sigma = round(min(1.0, max(0.01, mse**0.5)), 2) if isinstance(mse, int | float) else own.sigma
    gaussian = [LikelihoodConfig(kind, sigma=sigma) for kind in ("gaussian", "gaussian-learned")]
    grey = [LikelihoodConfig(), LikelihoodConfig(binarize=True)] if card.config.image[0] == 1 else []
    others = [other for other in (*grey, *gaussian) if (other.kind, other.binarize) != (own.kind, own.binarize)]
    return {likelihood: _in_words(likelihood) for likelihood in (own, *others)}


def _in_words(likelihood: LikelihoodConfig) -> str:
    if likelihood.kind == "bernoulli":
        return "Bernoulli, binary pixels" if likelihood.binarize else "Bernoulli, grey pixels"
    return "Gaussian, learned sigma" if likelihood.kind == "gaussian-learned" else f"Gaussian, sigma {likelihood.sigma:g}"


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
    likelihood = None if request.likelihood == card.config.likelihood else request.likelihood
    length = {request.unit: request.amount}
    training = TrainConfig(
        lr=request.lr,
        batch_size=request.batch_size,
        seed=request.seed,
        trained=request.trained,
        patience=request.patience,
        ema=request.ema,
        keep="best",
        norm_statistics="stored",
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
        "likelihood": likelihood and likelihood.to_json(),
    }

    def prepare(folder: Path) -> None:
        shutil.copyfile(source, folder / START)
        if request.data is None:
            _write(files, folder / OWN)

    return runs.read(jobs.submit(runs.KIND, arguments, prepare=prepare))


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
    runs.forget()


def resume(run: Run) -> None:
    """Goes on from the last state that a run which broke off had saved. Raises JobError."""
    jobs.resume(run.job)

"""Actions on fine-tuning runs: start, resume, keep the result, discard."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from explorer.services import checkpoint_files, hardware, jobs, models, runs, uploads, user_models
from explorer.services.jobs import JobError
from explorer.services.models import ModelCard
from explorer.services.runs import FineTuningRun
from explorer.services.tasks.fine_tune import OWN, RESULT, START
from vae_core.config import BernoulliConfig, GaussianConfig, LearnedGaussianConfig, LikelihoodConfig, TrainConfig, unused
from vae_core.config.training import Trained
from vae_core.data import available
from vae_core.data.own_images import FEWEST
from vae_core.data.sources import FIELDS_OF
from vae_core.data.untrusted import shown

SAVE_EVERY = 10
"""Seconds between saved states, which is the training time that a crash can cost."""
BATCH_SIZES = (16, 32, 64, 128, 256, 512)
BATCH_SIZE = 64
LEARNING_RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
MAX_CLASSES_SHOWN = 12
"""Number of classes that a message names."""
SAME_TASK_RATE, NEW_TASK_RATE = 1e-4, 3e-3
"""Default learning rates: for the data and the loss that the model was trained with, and for others.
`tests/benchmarks/fine_tune_defaults.py` measures them."""


@dataclass(frozen=True)
class RunRequest:
    """The settings of a new run."""

    model: str
    """Name of the model to start from."""
    data: str | None
    """Name of a data set, or None for the user's own images."""
    unit: str
    """The unit of `amount`: "seconds" or "steps"."""
    amount: int
    lr: float
    batch_size: int
    seed: int
    beta: float | None
    """The weight of the rate, or None where the model has no rate."""
    likelihood: LikelihoodConfig | None = None
    """The likelihood, or None for the model's own."""
    trained: Trained = "all"
    patience: int = 0
    ema: float = 0.0


def data_sets(card: ModelCard) -> list[tuple[str, str, bool]]:
    """The data sets that fit the model, its own first: (name, title, whether it is on this computer)."""
    field = card.config.modelled
    fits = [(name, title, state == "ready") for name, title, state, _ in available() if FIELDS_OF[name] == field]
    return sorted(fits, key=lambda found: found[0] != card.source)


def takes_beta(card: ModelCard, trained: Trained) -> bool:
    """True if beta has an effect on a run that trains this part of the model."""
    return models.beta_of(card) is not None and "beta" not in unused(card.config, TrainConfig(steps=1, trained=trained))


def learning_rate(card: ModelCard, data: str | None, beta: float | None, likelihood: LikelihoodConfig) -> float:
    """The default learning rate for a run on a data set, or on the user's own images where `data` is None."""
    same = data == card.source and likelihood == card.config.likelihood and beta in (None, models.beta_of(card))
    return SAME_TASK_RATE if same else NEW_TASK_RATE


def likelihoods(card: ModelCard) -> dict[LikelihoodConfig, str]:
    """The likelihoods that fit the model's images, with their titles. The model's own is the first."""
    own = card.config.likelihood
    if not card.shows_images:
        return {own: own.title}
    mse = card.metrics.get("mse")
    # The maximum-likelihood sigma is the root of the mean squared error.
    sigma = round(min(1.0, max(0.01, mse**0.5)), 2) if isinstance(mse, int | float) else GaussianConfig().sigma
    gaussian = [GaussianConfig(sigma), LearnedGaussianConfig(sigma)]
    grey = [BernoulliConfig(), BernoulliConfig(binarize=True)] if card.config.image[0] == 1 else []
    others = [other for other in (*grey, *gaussian) if other.title != own.title]
    return {likelihood: likelihood.title for likelihood in (own, *others)}


def start(request: RunRequest, card: ModelCard, files: Sequence[tuple[str, bytes]] = ()) -> FineTuningRun:
    """Starts a run. `files`, pairs of (name, bytes), are the user's own images or a single .zip of them. Raises JobError."""
    titles = {name: title for name, title, _ in data_sets(card)}
    title = titles.get(request.data, "") if request.data else _title(files)
    if request.data is None and not card.shows_images:
        raise JobError(f"{card.title} is of {card.config.modelled.noun}s; choose a data set of such.")
    if request.data is None and any(_is_zip(name) for name, _ in files) and len(files) > 1:
        raise JobError("Use either one .zip or separate images: there are several files, and one of them is a .zip.")
    for name, content in files if request.data is None else ():
        if _is_zip(name) and not zipfile.is_zipfile(io.BytesIO(content)):
            raise JobError(f"{shown(name)} is not a .zip that can be read.")
    if request.data is None and not any(_is_zip(name) for name, _ in files) and len(files) < FEWEST:
        raise JobError(f"There are {len(files)} images, and a run needs at least {FEWEST}; add more, or use a .zip of them.")
    classes = models.conditions(card)
    if request.data is None and classes and not any(_is_zip(name) for name, _ in files):
        raise JobError(
            "This model is given the class of each image; use a .zip with a folder for each class, called as the class "
            f"({', '.join(classes[:MAX_CLASSES_SHOWN])}{' ...' if len(classes) > MAX_CLASSES_SHOWN else ''})."
        )
    source = checkpoint_files.find(request.model).path
    likelihood = None if request.likelihood == card.config.likelihood else request.likelihood
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
        seconds=request.amount if request.unit == "seconds" else None,
        steps=request.amount if request.unit == "steps" else None,
    )
    arguments = {
        "model": card.title,
        "data": request.data,
        "title": title,
        "names": {_file_name(i, name): shown(name) for i, (name, _) in enumerate(files)},
        "preparation": asdict(uploads.default_preparation(card)),
        "training": training.to_json(),
        "beta": request.beta,
        "likelihood": likelihood and likelihood.to_json(),
    }

    def prepare(folder: Path) -> None:
        shutil.copyfile(source, folder / START)
        if request.data is None:
            _write_files(files, folder / OWN)

    return runs.read(jobs.submit(runs.KIND, arguments, prepare=prepare))


def _write_files(files: Iterable[tuple[str, bytes]], folder: Path) -> None:
    """Writes uploaded files under safe names. Only the suffix .zip is taken from the names that the browser sent."""
    folder.mkdir()
    for i, (name, content) in enumerate(files):
        (folder / _file_name(i, name)).write_bytes(content)


def _file_name(i: int, name: str) -> str:
    return f"{i:05d}.zip" if _is_zip(name) else f"{i:05d}.png"


def _title(files: Sequence[tuple[str, bytes]]) -> str:
    """The title of the user's own images: the name of their .zip, if there is one."""
    name = shown(files[0][0]) if files else ""
    return name[: -len(".zip")] if _is_zip(name) and len(name) > len(".zip") else "own images"


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def free_name(run: FineTuningRun) -> str:
    """A free name for the run's result."""
    taken = {file.name.lower() for file in checkpoint_files.files()[0]}
    stem = user_models.cleaned(f"{run.model} tuned")[:50]
    names = [stem, *(f"{stem} {i}" for i in range(2, len(taken) + 3))]
    return next(name for name in names if name.lower() not in taken)


def keep(run: FineTuningRun, name: str) -> str:
    """Stores the result as one of the user's own models, and returns its name. Raises UserModelError."""
    return user_models.keep(run.job.folder / RESULT, name)


def checkpoint_bytes(run: FineTuningRun) -> bytes:
    """The result as the content of a checkpoint file."""
    return (run.job.folder / RESULT).read_bytes()


def discard(run: FineTuningRun) -> None:
    """Deletes everything that the run has stored. Raises JobError while it is under way."""
    run.job.remove()
    runs.clear_cache()


def resume(run: FineTuningRun) -> None:
    """Resumes a run that broke off from its last saved state. Raises JobError."""
    jobs.resume(run.job)

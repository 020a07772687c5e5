"""The task that trains a checkpoint further, and stores snapshots of what it reconstructs and draws."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.services.tasks.context import Context, Stopped
from vae_core import checkpoint, devices, load_dataset
from vae_core.checkpoint import Checkpoint
from vae_core.checkpoint.measured import save_measured
from vae_core.config import LikelihoodConfig, TokensField, TrainConfig
from vae_core.data import Dataset
from vae_core.data.class_names import numbered_as
from vae_core.data.dataset import Split, TrainingSplits
from vae_core.data.own_images import own_images
from vae_core.data.preparation import Preparation
from vae_core.data.provenance import provenance
from vae_core.data.refusals import folded
from vae_core.data.untrusted import Limits
from vae_core.files import replacing
from vae_core.metrics import per_image, summarise
from vae_core.models.altered import altered
from vae_core.models.autoencoder import Autoencoder
from vae_core.training import fit
from vae_core.training.events import Event, Finished, Progress, Saved, Started, Validated

START, RESULT, OWN, SNAPSHOTS = "start.safetensors", "result.safetensors", "own", "views"
VALIDATION = 500
"""Number of images on which the validation loss is measured."""
SNAPSHOT_COUNT, SNAPSHOT_SHARE = 40, 1 / 15
"""Number of snapshots in a run, and the largest share of the run's time that they may take."""
THROTTLED, MIN_GAP_SHARE = (Progress, Validated, Saved), 1 / 500
"""Events that are emitted only if at least this share of the run's time has passed since the last one of their kind."""
DRAWS = 4
"""Draws of each held-out image's code for the final metrics. With this many, the measurement takes about as long as a short
run."""
RECONSTRUCTED = 8
"""Number of images that are reconstructed in each snapshot."""
GRID_SIDE, SMALL_IMAGE, LARGE = 12, 32, 64
"""Number of codes along each side of a snapshot's grid, for images of up to this many pixels; larger images have half as
many."""
GRID_REACH = 2.2
"""Distance from the mean of the codes to the edge of the grid, in standard deviations of the codes."""
LIMITS = Limits(images=20_000, entries=40_000, file_bytes=2**25, total_bytes=2**30, decoded_bytes=2**29)


def fine_tune(context: Context) -> None:
    """Trains a checkpoint further, and writes `result.safetensors`, also where the training was stopped.

    Arguments: `data` (a name, or None for the images in the folder `own`); `title`, `names` (original file names) and
    `preparation` of the user's own images; `training` (a TrainConfig); `beta` (or None); `likelihood` (a LikelihoodConfig, or
    None for the model's own; missing in older jobs). The folder holds the checkpoint to start from as `start.safetensors`. The
    user's own images are deleted once there is a result.

    Emits `device`, `phase` (name, share), `before` (metrics), `refused` (count, lines), `data` (about, note) and `view` (step),
    and passes on the events of `fit`.
    """
    arguments = context.arguments
    start = checkpoint.load(context.folder / START)
    data = _data(context, start)
    checkpoint.check_storable(start.model, data, start.title)
    context.emit({"event": "data", "about": data.about, "note": provenance(start.data, data).note})
    likelihood = arguments.get("likelihood")
    likelihood = None if likelihood is None else LikelihoodConfig.from_json(likelihood)
    model = altered(start.model, beta=arguments["beta"], likelihood=likelihood).to(devices.pick())
    context.emit({"event": "device", "name": devices.described(model.device)})
    context.emit({"event": "before", "metrics": _before(context, start, model, data)})
    snapshots = _Snapshots(context, model, data.test.first(RECONSTRUCTED), _codes(start), data.classes)
    snapshots.store(0, 0)
    training = TrainConfig.from_json(arguments["training"])
    per_epoch = max(1, len(data.train) // training.batch_size)
    every = max(20, (training.steps or per_epoch) // 12) / per_epoch
    config = training.replace(validate_every=every)

    emit = ThrottledEvents(context.emit)

    def listen(event: Event) -> None:
        emit(event)
        if isinstance(event, Started | Progress):
            snapshots.store(event.step, event.steps)

    context.emit({"event": "phase", "name": "Training", "share": 0.0})
    summary = fit(
        model, TrainingSplits(data.train, data.validation.first(VALIDATION)), config,
        folder=context.folder, identity=data.fingerprint, subscribers=[listen], should_stop=context.should_stop,
    )  # fmt: skip
    snapshots.store(summary.steps, summary.steps, last=True)

    measured = _phase(context, f"Measuring on {len(data.test):,} test images")
    save_measured(
        model.cpu(), data, config, summary, context.folder / RESULT,
        title=start.title, start=start.data, samples=DRAWS, progress=measured,
    )  # fmt: skip
    shutil.rmtree(context.folder / OWN, ignore_errors=True)
    if summary.reason == "stopped":
        raise Stopped


def _data(context: Context, start: Checkpoint) -> Dataset:
    arguments = context.arguments
    if arguments["data"] is not None:
        report = _phase(context, "Reading the images", stoppable=True)
        report(0, 1)
        found = load_dataset(arguments["data"], progress=lambda what, done, total: report(done, total))
        if found.train.field != start.config.modelled:
            raise ValueError(f"{found.title} has {found.train.field.noun}s of another size or kind than this model takes.")
        return _labelled(found, start)
    path = next((context.folder / OWN).glob("*.zip"), context.folder / OWN)
    report = _phase(context, "Reading your images", stoppable=True)
    found = own_images(
        path, title=arguments["title"], image=start.config.image, preparation=Preparation.from_json(arguments["preparation"]),
        names=arguments["names"], limits=LIMITS, progress=lambda what, done, total: report(done, total),
    )  # fmt: skip
    if found.refused:
        context.emit({"event": "refused", "count": len(found.refused), "lines": folded(found.refused)})
    # Each upload is a data set of its own, whatever it is called.
    return replace(_labelled(found, start), name=f"own-{context.folder.name}")


def _labelled(data: Dataset, start: Checkpoint) -> Dataset:
    """The data set, with its classes as the model numbers them where the model is given a class.

    Raises DataError where the images have no classes that the model knows.
    """
    return numbered_as(data, start.classes, training=True) if start.model.capabilities.conditions else data


def _before(context: Context, start: Checkpoint, model: Autoencoder, data: Dataset) -> dict[str, float | int | None]:
    """The metrics before the training, on the images and under the likelihood that the result will be measured with."""
    if model.config.likelihood == start.config.likelihood and start.data.get("fingerprint") == data.fingerprint:
        return {name: value for name, value in start.metrics.items() if not isinstance(value, list | dict)}
    report = _phase(context, f"Measuring the model before training, on {len(data.test):,} test images", stoppable=True)
    return summarise(per_image(model, data.test, samples=DRAWS, with_ssim=True, progress=report))


def _codes(start: Checkpoint) -> Tensor:
    """The codes that each snapshot decodes, (N, *shape of a code).

    They are a grid over a two-dimensional space, row by row from the top, and random draws in other spaces; of a model whose
    codes are whole numbers, those of held-out images, again from the first one where there are too few. A conditional model
    decodes the same codes in all rows, each with another class.
    """
    model, fitted = start.model, start.codes
    side = GRID_SIDE if max(model.modelled.shape[1:], default=LARGE) <= SMALL_IMAGE else GRID_SIDE // 2
    if not model.capabilities.plane and start.held_out is not None:
        codes = start.held_out.codes[torch.arange(side**2) % len(start.held_out.codes)]
    elif model.config.code_size != 2:
        sampler = model.prior if model.capabilities.prior or fitted is None else fitted
        codes = sampler.sample(side**2, torch.Generator().manual_seed(0))
    else:
        mean, spread = (torch.zeros(2), torch.ones(2)) if fitted is None else (fitted.mean, fitted.covariance.diagonal().sqrt())
        steps = torch.linspace(-GRID_REACH, GRID_REACH, side)
        down, across = torch.meshgrid(-steps, steps, indexing="ij")
        codes = mean + spread * torch.stack([across, down], -1).reshape(-1, 2)
    middle = slice(side * (side // 2), side * (side // 2 + 1))
    return codes[middle].repeat(side, *(1 for _ in codes.shape[1:])) if model.capabilities.conditions else codes


class ThrottledEvents:
    """Throttles the events of long runs, so that readers of the event log have a bounded amount to read.

    The last event of each kind is always emitted.
    """

    def __init__(self, emit: Callable[[dict[str, Any]], None], clock: Callable[[], float] = time.monotonic):
        self.emit, self.clock, self.begin = emit, clock, clock()
        self.emitted: dict[type[Event], float] = {}
        self.pending: dict[type[Event], Event] = {}

    def __call__(self, event: Event) -> None:
        """Emits the event if it is due."""
        now, kind = self.clock(), type(event)
        if kind in THROTTLED and now - self.emitted.get(kind, self.begin) < MIN_GAP_SHARE * (now - self.begin):
            self.pending[kind] = event
            return
        if isinstance(event, Finished):
            for one in sorted(self.pending.values(), key=lambda one: one.step):
                self.emit(one.to_json())
        self.pending.pop(kind, None)
        self.emitted[kind] = now
        self.emit(event.to_json())


class _Snapshots:
    """Stores reconstructions of the same images, and images decoded from the same codes, at about forty steps of a run."""

    def __init__(self, context: Context, model: Autoencoder, images: Split, codes: Tensor, names: Sequence[str]):
        self.context, self.model, self.images, self.codes = context, model, images, codes
        side = math.isqrt(len(codes))
        conditional = bool(model.capabilities.conditions)
        self.classes = torch.arange(len(codes)) // side % len(names) if conditional else None
        self.rows = [names[row % len(names)] for row in range(side)] if conditional else []
        self.next_step, self.next_time = 0.0, 0.0

    def store(self, step: int, steps: int, *, last: bool = False) -> None:
        """Stores a snapshot if one is due at this step, and always if it is the `last`."""
        begin = time.perf_counter()
        if (step < self.next_step or begin < self.next_time) and not last:
            return
        rebuilt, drawn = self.model.reconstruct(self.images), self.model.decode(self.codes, self.classes)
        arrays = {"x": self.images.x, "rebuilt": rebuilt, "drawn": drawn}
        rows = {"rows": np.array(self.rows)} if self.rows else {}
        with replacing(self.context.folder / SNAPSHOTS / f"{step:09d}.npz") as path, path.open("wb") as file:
            # numpy's annotation takes every name for that of its option `allow_pickle`, a bool.
            images = {name: _stored(self.model, value) for name, value in arrays.items()}
            np.savez_compressed(file, **images, **rows)  # pyright: ignore[reportArgumentType]
        self.context.emit({"event": "view", "step": step})
        now = time.perf_counter()
        self.next_step, self.next_time = step + max(1, steps / SNAPSHOT_COUNT), now + (now - begin) / SNAPSHOT_SHARE


def _stored(model: Autoencoder, x: Tensor) -> np.ndarray:
    """Images as pixels, uint8 (N, C, H, W), and texts as strings, (N,)."""
    if isinstance(model.modelled, TokensField):
        return np.array(model.modelled.texts(x.tolist()))
    return (x if x.dtype == torch.uint8 else (255 * x).round().to(torch.uint8)).numpy()


def _phase(context: Context, name: str, *, stoppable: bool = False) -> Callable[[int, int], None]:
    """Returns a progress callback that emits phase events, one for each whole percent."""
    emitted = -1

    def report(done: int, total: int) -> None:
        nonlocal emitted
        if stoppable and context.should_stop():
            raise Stopped
        percent = 100 * done // total if total else 0
        if percent != emitted:
            emitted = percent
            context.emit({"event": "phase", "name": name, "share": percent / 100})

    return report

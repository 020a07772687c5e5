"""The task of training a checkpoint further, watched: its terms, and what it rebuilds and draws as it changes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.services.tasks.context import Context, Stopped
from vae_core import checkpoint, devices, load_dataset
from vae_core.checkpoint import Checkpoint
from vae_core.checkpoint.measured import save_measured
from vae_core.config import LikelihoodConfig, TrainConfig
from vae_core.data import Dataset
from vae_core.data.dataset import TrainingSplits
from vae_core.data.own_images import own_images
from vae_core.data.preparation import Preparation
from vae_core.data.provenance import provenance
from vae_core.data.refusals import folded
from vae_core.data.untrusted import Limits
from vae_core.files import replacing
from vae_core.metrics import per_image, summarise
from vae_core.models.altered import altered
from vae_core.models.flat import Autoencoder
from vae_core.training import fit
from vae_core.training.events import Event, Finished, Progress, Saved, Started, Validated

START, RESULT, OWN, VIEWS = "start.safetensors", "result.safetensors", "own", "views"
VALIDATION = 500
"""Images on which the loss is measured while the run goes on."""
VIEWS_WANTED, VIEWS_SHARE = 40, 1 / 15
"""As many in a run, as long as they take no larger share of its time."""
THINNED, TOLD_SHARE = (Progress, Validated, Saved), 1 / 500
"""Events that are told of only where so large a share of the run's time has passed since the last."""
DRAWS = 4
"""Of the code of each held-out image, by which a run is measured: as many take about as long as a short run does."""
REBUILT = 8
"""Images that are rebuilt in each view."""
SIDE, SMALL = 12, 32
"""Codes that are drawn along each side of a square, for images of up to so many pixels; for larger ones half as many."""
REACH = 2.2
"""Standard deviations of the codes, from their mean to the plane's edge."""
LIMITS = Limits(images=20_000, entries=40_000, file_bytes=2**25, total_bytes=2**30, decoded_bytes=2**29)


def fine_tune(context: Context) -> None:
    """Arguments: `data` (a name, or None for the images in the folder `own`), `title`, `names` (what its files were called) and
    `preparation` of own images, `training` (a TrainConfig), `beta` (or None), and `likelihood` (a LikelihoodConfig; None, or
    missing as in older runs: the model's own). The folder holds the checkpoint to start from as `start.safetensors`; own
    images are deleted once there is a result.

    Tells of `device`, `phase` (name, share), `before` (metrics), `refused` (count, lines), `data` (about, note) and `view`
    (step), and passes on what `fit` tells. Leaves `result.safetensors`, also where the training was stopped.
    """
    given = context.arguments
    start = checkpoint.load(context.folder / START)
    data = _data(context, start)
    checkpoint.check_storable(start.model, data, start.title)
    context.tell({"event": "data", "about": data.about, "note": provenance(start.data, data).note})
    likelihood = given.get("likelihood")
    likelihood = None if likelihood is None else LikelihoodConfig.from_json(likelihood)
    model = altered(start.model, beta=given["beta"], likelihood=likelihood).to(devices.pick())
    context.tell({"event": "device", "name": devices.described(model.device)})
    context.tell({"event": "before", "metrics": _before(context, start, model, data)})
    views = _Views(context, model, data.test.x[:REBUILT], _codes(start))
    views.see(0, 0)
    training = TrainConfig.from_json(given["training"])
    per_epoch = max(1, len(data.train) // training.batch_size)
    every = max(20, (training.steps or per_epoch) // 12) / per_epoch
    config = training.replace(validate_every=every)

    tell = Thinned(context.tell)

    def listen(event: Event) -> None:
        tell(event)
        if isinstance(event, Started | Progress):
            views.see(event.step, event.steps)

    context.tell({"event": "phase", "name": "Training", "share": 0.0})
    summary = fit(
        model, TrainingSplits(data.train, data.validation.first(VALIDATION)), config,
        folder=context.folder, identity=data.fingerprint, subscribers=[listen], should_stop=context.should_stop,
    )  # fmt: skip
    views.see(summary.steps, summary.steps, last=True)

    measured = _phase(context, f"Measuring on {len(data.test):,} test images")
    save_measured(
        model.cpu(), data, config, summary, context.folder / RESULT,
        title=start.title, start=start.data, samples=DRAWS, progress=measured,
    )  # fmt: skip
    shutil.rmtree(context.folder / OWN, ignore_errors=True)
    if summary.reason == "stopped":
        raise Stopped


def _data(context: Context, start: Checkpoint) -> Dataset:
    given = context.arguments
    if given["data"] is not None:
        tell = _phase(context, "Reading the images", stoppable=True)
        tell(0, 1)
        found = load_dataset(given["data"], progress=lambda what, done, total: tell(done, total))
        if found.image != start.config.image:
            raise ValueError(f"{found.title} has images of another size than this model takes.")
        return found
    path = next((context.folder / OWN).glob("*.zip"), context.folder / OWN)
    tell = _phase(context, "Reading your images", stoppable=True)
    found = own_images(
        path, title=given["title"], image=start.config.image, preparation=Preparation.from_json(given["preparation"]),
        names=given["names"], limits=LIMITS, progress=lambda what, done, total: tell(done, total),
    )  # fmt: skip
    if found.refused:
        context.tell({"event": "refused", "count": len(found.refused), "lines": folded(found.refused)})
    # Two sets of own images are two data sets, whatever they are called.
    return replace(found, name=f"own-{context.folder.name}")


def _before(context: Context, start: Checkpoint, model: Autoencoder, data: Dataset) -> dict[str, float | int | None]:
    """The figures that the run is to change, on the images and under the likelihood that it will be measured with."""
    if model.config.likelihood == start.config.likelihood and start.data.get("fingerprint") == data.fingerprint:
        return {name: value for name, value in start.metrics.items() if not isinstance(value, list | dict)}
    tell = _phase(context, f"Measuring the model as it is, on {len(data.test):,} test images", stoppable=True)
    return summarise(per_image(model, data.test.x, samples=DRAWS, with_ssim=True, progress=tell))


def _codes(start: Checkpoint) -> Tensor:
    """Codes to draw while the model changes: a plane of a 2-D space, row by row from the top; else draws."""
    model = start.model
    side = SIDE if max(model.config.image[1:]) <= SMALL else SIDE // 2
    if model.config.latent != 2:
        return model.sample_codes(side**2, "prior" if model.capabilities.prior else "codes")
    spread = model.codes_covariance.diagonal().sqrt()
    steps = torch.linspace(-REACH, REACH, side)
    down, across = torch.meshgrid(-steps, steps, indexing="ij")
    return model.codes_mean + spread * torch.stack([across, down], -1).reshape(-1, 2)


class Thinned:
    """Of a long run less is told a minute, so that whoever watches has no more to read; the last of each kind always."""

    def __init__(self, tell: Callable[[dict[str, Any]], None], clock: Callable[[], float] = time.monotonic):
        self.tell, self.clock, self.begin = tell, clock, clock()
        self.told: dict[type[Event], float] = {}
        self.left: dict[type[Event], Event] = {}

    def __call__(self, event: Event) -> None:
        now, kind = self.clock(), type(event)
        if kind in THINNED and now - self.told.get(kind, self.begin) < TOLD_SHARE * (now - self.begin):
            self.left[kind] = event
            return
        if isinstance(event, Finished):
            for one in sorted(self.left.values(), key=lambda one: one.step):
                self.tell(one.to_json())
        self.left.pop(kind, None)
        self.told[kind] = now
        self.tell(event.to_json())


class _Views:
    """What the model makes of the same images and codes, some forty times in a run."""

    def __init__(self, context: Context, model: Autoencoder, x: Tensor, codes: Tensor):
        self.context, self.model, self.x, self.codes = context, model, x, codes
        self.next_step, self.next_time = 0.0, 0.0

    def see(self, step: int, steps: int, *, last: bool = False) -> None:
        begin = time.perf_counter()
        if (step < self.next_step or begin < self.next_time) and not last:
            return
        rebuilt, drawn = self.model.reconstruct(self.x), self.model.decode(self.codes)
        arrays = {"x": self.x, "rebuilt": _pixels(rebuilt), "drawn": _pixels(drawn)}
        with replacing(self.context.folder / VIEWS / f"{step:09d}.npz") as path, path.open("wb") as file:
            np.savez_compressed(file, **{name: value.numpy() for name, value in arrays.items()})
        self.context.tell({"event": "view", "step": step})
        now = time.perf_counter()
        self.next_step, self.next_time = step + max(1, steps / VIEWS_WANTED), now + (now - begin) / VIEWS_SHARE


def _pixels(x: Tensor) -> Tensor:
    return (255 * x).round().to(torch.uint8)


def _phase(context: Context, name: str, *, stoppable: bool = False) -> Callable[[int, int], None]:
    """A progress callback that tells of a phase, by whole percents."""
    told = -1

    def tell(done: int, total: int) -> None:
        nonlocal told
        if stoppable and context.should_stop():
            raise Stopped
        percent = 100 * done // total if total else 0
        if percent != told:
            told = percent
            context.tell({"event": "phase", "name": name, "share": percent / 100})

    return tell

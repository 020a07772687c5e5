"""Train a model, from a recipe of the shipped checkpoints, from options or from a checkpoint, and write its checkpoint.

The run keeps its state in a folder: the same command given again after an interruption goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import get_args

import torch

from vae_core import devices, zoo
from vae_core.checkpoint import SUFFIX, Checkpoint, check_storable, registry
from vae_core.checkpoint.measured import save_measured
from vae_core.cli import inputs
from vae_core.cli.axis_options import AXES, add_axis, given
from vae_core.cli.model_options import ALTERABLE, LATENT, MODEL, new_run, tuned_model
from vae_core.cli.numbers import whole
from vae_core.cli.option_names import option, option_names, refuse_unused
from vae_core.cli.reporting import download_line, print_figures
from vae_core.config import TrainConfig
from vae_core.config.training import EngineName, Keep, NormStatistics
from vae_core.data import NAMES, Dataset, load_dataset
from vae_core.data.own_images import title_of
from vae_core.data.provenance import provenance
from vae_core.files import writable
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.recipes import RECIPES
from vae_core.training import fit
from vae_core.training.distributed import ProcessGroup, torchrun
from vae_core.training.events import JsonLines, ProgressLine, Subscriber, TensorBoard
from vae_core.training.fit import STATE_FILE
from vae_core.training.kept_weights import kept_weights

HELP = "train a model and write its checkpoint"
LENGTHS = ("epochs", "steps", "seconds")
FURTHER = TrainConfig(epochs=20, keep="best", norm_statistics="stored")
"""Training of a model that starts from a checkpoint, unless options say otherwise."""
TRAIN = (*LENGTHS, "trained", "batch_size", "lr", "lr_schedule", "ema", "patience",
         "keep", "norm_statistics", "seed", "threads", "engine", "source")  # fmt: skip
"""Fields of TrainConfig that may be given, to a recipe too."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `train`."""
    what = parser.add_argument_group("what to train")
    what.add_argument("--recipe", choices=list(RECIPES), metavar="NAME", help="a shipped model: " + ", ".join(RECIPES))
    what.add_argument("--start", metavar="CHECKPOINT", help="a name or a file, whose model is trained further on --data")
    what.add_argument("--data", help="a data set (" + ", ".join(NAMES) + "), or a folder or a .zip of images")
    what.add_argument("--size", type=whole(8, 128), help="side of the square that own images are made into")
    what.add_argument("--model", choices=list(zoo.ZOO), help="vae if not given")
    for axis in AXES:
        add_axis(what, axis)
    how = parser.add_argument_group("how to train")
    length = how.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=float, help="length in passes over the training images; 20 if no length is given")
    length.add_argument("--steps", type=int, help="length in optimiser steps")
    length.add_argument("--seconds", type=float, help="length as a budget of time")
    how.add_argument("--trained", choices=["all", "encoder", "decoder", "heads"],
                     help="what trains; heads: the layers that give and take the code; all if not given")  # fmt: skip
    how.add_argument("--batch-size", type=int, help="256 if not given")
    how.add_argument("--lr", type=float, help="peak learning rate of AdamW; if not given 0.002, and 0.005 where --seconds hold "
                     "few steps")  # fmt: skip
    how.add_argument("--lr-schedule", choices=["one-cycle", "cosine", "constant"], help="one-cycle if not given")
    how.add_argument("--ema", type=float, help="decay of a moving average of the weights; none if not given")
    how.add_argument("--patience", type=int, help="validations without progress after which to stop; never if not given")
    how.add_argument("--keep", choices=get_args(Keep),
                     help="weights of the last step or of the best validation, the start among them; last if not given, best "
                     "with --start")  # fmt: skip
    how.add_argument("--norm-statistics", choices=get_args(NormStatistics),
                     help="what batch norm normalises with; batch if not given, stored with --start")  # fmt: skip
    how.add_argument("--seed", type=int, help="of weights, order and noise; 0 if not given")
    how.add_argument("--threads", type=whole(1, 1024), help="CPU threads; as torch finds them if not given")
    how.add_argument("--engine", choices=get_args(EngineName), help="compile pays in runs of several minutes")
    how.add_argument("--source", choices=["auto", "resident", "streamed"],
                     help="images all on the device, or brought as they are needed; by their size if not given")  # fmt: skip
    how.add_argument("--device", choices=devices.NAMES, default="auto", help="the fastest there is if not given")
    where = parser.add_argument_group("where it goes")
    where.add_argument("--out", type=Path, help="the checkpoint; for a recipe its place among the shipped ones")
    # Torchrun has options that begin with --run.
    where.add_argument("--run", "--folder", dest="folder", type=Path, help="folder of the run's state; runs/NAME if not given")
    where.add_argument("--tensorboard", type=Path, metavar="FOLDER", help="write TensorBoard files there")
    where.add_argument("--json", action="store_true", help="events and figures as one JSON object a line on stdout")


def _settled(options: argparse.Namespace) -> None:
    """Raises ValueError where an option says what a recipe, or the checkpoint to start from, has settled."""
    if options.recipe and options.start:
        raise ValueError("A recipe begins with new weights; leave out --start, or use --data.")
    names = tuple(name for name in MODEL if name not in ALTERABLE) if options.start else MODEL
    if (options.recipe or options.start) and (settled := given(options, names)):
        what, instead = ("recipe", "use --data") if options.recipe else ("checkpoint", "train without --start")
        raise ValueError(f"The {what} has settled {option(next(iter(settled)))}; leave it out, or {instead}.")
    if options.size is not None and (options.recipe or options.data in NAMES):
        raise ValueError("--size is for images of your own, and named data sets come at one size; leave it out.")


def _data(options: argparse.Namespace, name: str, start: Checkpoint | None) -> Dataset:
    if start is None:
        data = load_dataset(name, size=options.size, progress=download_line())
        inputs.tell_own(data)
        return data
    if options.size is not None and options.size not in start.config.modelled.shape[1:2]:
        raise ValueError(f"{options.start} takes {inputs.described(start.config.modelled)}; leave out --size.")
    data = inputs.load_for(start, options.start, name, training=True)
    if not (found := provenance(start.data, data)).held_out:
        print(found.note, file=sys.stderr)
    return data


def _file_name(name: str) -> str:
    """A name for files, of letters, digits, `_`, `.` and `-`, that does not begin with a dash or a dot."""
    return re.sub(r"[^\w.-]+", "-", name).lstrip("-.")[:60] or "images"


def _train(options: argparse.Namespace, start: TrainConfig) -> TrainConfig:
    changes = given(options, TRAIN)
    if any(name in changes for name in LENGTHS):
        changes = dict.fromkeys(LENGTHS) | changes
    return start.replace(**changes)


def run(options: argparse.Namespace) -> int:
    """Trains the model, writes its checkpoint and returns the exit code."""
    with option_names(options):
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    if (options.recipe is None) == (options.data is None):
        raise ValueError("Say what to train on: either --recipe NAME or --data NAME.")
    _settled(options)
    recipe = RECIPES.get(options.recipe)
    start = registry.load(options.start) if options.start else None
    data = _data(options, recipe.data if recipe else options.data, start)
    train = _train(options, recipe.train if recipe else FURTHER if start else TrainConfig(epochs=20))
    torch.manual_seed(train.seed)
    images = data.fingerprint
    device = devices.pick(options.device)
    if start is not None:
        path = registry.find(options.start)
        name, title = f"{_file_name(path.stem)}-tuned", start.title
        # A run's state is gone on from where the weights that it began with are the same.
        images += f" from {hashlib.sha256(path.read_bytes()).hexdigest()}"
    elif recipe is not None:
        name, title = recipe.name, recipe.title
    else:
        kind, latent = options.model or "vae", LATENT if options.latent is None else options.latent
        of = data.name if data.name in NAMES else title_of(Path(os.path.expanduser(options.data)))
        size = f"-{latent}" if zoo.ZOO[kind].structure.is_continuous else ""
        name, title = f"{_file_name(of)}-{kind}{size}", ""
    folder = options.folder or Path("runs") / name
    if start is not None:
        model = tuned_model(options, start.model)
    elif recipe is not None:
        model = build_model(recipe.model)
    else:
        config, train = new_run(options, data.train, train, folder / STATE_FILE, device, len(data.classes))
        model, title = build_model(config), f"{zoo.ZOO[options.model or 'vae'].title}, {config.structure.title}"
    out = options.out or (registry.folder() if recipe else Path()) / f"{name}{SUFFIX}"
    refuse_unused(options, model.config, train)
    check_storable(model, data, title)
    if out.suffix != SUFFIX and not os.path.isdir(out):
        raise ValueError(f"{out} does not end in {SUFFIX}, by which checkpoints are known; give --out such a name.")
    writable(out)
    if options.tensorboard:
        writable(options.tensorboard / "events")
    with torchrun(device) as device:
        samples = recipe.iwae_samples if recipe else 0
        return _fit_and_pack(options, model.to(device), data, images, train, folder, title, out, samples, start)


def _fit_and_pack(
    options: argparse.Namespace,
    model: Autoencoder,
    data: Dataset,
    images: str,
    train: TrainConfig,
    folder: Path,
    title: str,
    out: Path,
    iwae_samples: int,
    start: Checkpoint | None,
) -> int:
    is_first = ProcessGroup().is_first
    subscribers: list[Subscriber] = [JsonLines(sys.stdout) if options.json else ProgressLine()]
    if options.tensorboard and is_first:
        subscribers.append(TensorBoard(options.tensorboard))
    stopped: list[int] = []
    before = {s: signal.signal(s, lambda number, frame: stopped.append(number)) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        summary = fit(
            model, data, train,
            folder=folder, identity=images, subscribers=subscribers,
            should_stop=lambda: bool(stopped),
        )  # fmt: skip
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if not is_first:
        return 0
    if summary.reason == "stopped":
        print(f"Stopped at step {summary.steps}; the same command goes on from there.", file=sys.stderr)
        return 130
    line = download_line()
    packed = save_measured(
        model.cpu(), data, train, summary, out,
        title=title, start=start and start.data, iwae_samples=iwae_samples,
        progress=lambda done, total: line("measuring", done, total),
    )  # fmt: skip
    if (said := kept_weights(packed.training)) and train.keep == "best":
        print(said, file=sys.stderr)
    if options.json:
        print(json.dumps({"event": "packed", "path": str(out), "metrics": packed.metrics}))
    else:
        print(f"{out} ({out.stat().st_size / 1e6:.1f} MB)", file=sys.stderr)
        print_figures(packed.metrics, packed.config.likelihood.scale)
    return 0

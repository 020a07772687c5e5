"""Train a model, from a recipe of the shipped checkpoints or from options, and write its checkpoint.

The run keeps its state in a folder: the same command given again after an interruption goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

import torch

from vae_core import devices, recipes, zoo
from vae_core.autoencoder import Autoencoder
from vae_core.checkpoint import SUFFIX
from vae_core.cli.reporting import download_line, print_figures
from vae_core.config import LikelihoodConfig, NetConfig, ObjectiveConfig, ScheduleConfig, TrainConfig
from vae_core.data import load_dataset
from vae_core.library import SHIPPED
from vae_core.pack import pack
from vae_core.training import fit
from vae_core.training.events import JsonLines, ProgressLine, TensorBoard

HELP = "train a model and write its checkpoint"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what to train")
    what.add_argument("--recipe", choices=list(recipes.RECIPES), metavar="NAME", help="a shipped checkpoint's recipe: "
                      + ", ".join(recipes.RECIPES))
    what.add_argument("--data", help="a data set's name, a folder or a zip of images")
    what.add_argument("--size", type=int, help="side of the square that own images are made into, 8 to 128")
    what.add_argument("--model", choices=list(zoo.ZOO), default="vae")
    what.add_argument("--latent", type=int, default=2, help="dimensions of the code")
    what.add_argument("--net", choices=["mlp", "conv", "residual"], default="residual")
    what.add_argument("--channels", type=_numbers, help="feature maps of each halving, as in 16,32")
    what.add_argument("--hidden", type=_numbers, help="widths of the fully connected layers, as in 256")
    what.add_argument("--likelihood", choices=["bernoulli", "gaussian", "gaussian-learned"],
                      help="p(x|z); Bernoulli for grey and learned-sigma Gaussian for colour images if not given")
    what.add_argument("--sigma", type=float, default=0.1, help="of a Gaussian likelihood, in units of [0, 1]")
    what.add_argument("--binarize", action="store_true", help="draw binary pixels anew at each use (Bernoulli)")
    what.add_argument("--beta", type=float, help="weight of the rate, where not the model's own")
    what.add_argument("--beta-schedule", choices=["constant", "linear", "cyclical"], default="constant")
    what.add_argument("--free-bits", type=float, default=0.0, help="nats of each dimension that cost nothing")
    how = parser.add_argument_group("how to train")
    length = how.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=float)
    length.add_argument("--steps", type=int)
    length.add_argument("--seconds", type=float)
    how.add_argument("--batch-size", type=int, default=256)
    how.add_argument("--lr", type=float, default=2e-3, help="peak learning rate")
    how.add_argument("--lr-schedule", choices=["one-cycle", "cosine", "constant"], default="one-cycle")
    how.add_argument("--ema", type=float, default=0.0, help="decay of a moving average of the weights; 0: none")
    how.add_argument("--patience", type=int, default=0, help="validations without progress before stopping; 0: never")
    how.add_argument("--seed", type=int, default=0)
    how.add_argument("--threads", type=int, default=0, help="CPU threads; 0: as torch finds them")
    how.add_argument("--engine", choices=["eager", "compile"], default="eager")
    how.add_argument("--device", choices=devices.NAMES, default="auto")
    where = parser.add_argument_group("where it goes")
    where.add_argument("--out", type=Path, help="the checkpoint; for a recipe its place among the shipped ones")
    where.add_argument("--run", dest="folder", type=Path, help="folder of the run's state; runs/NAME if not given")
    where.add_argument("--tensorboard", type=Path, metavar="FOLDER", help="write TensorBoard files there")
    where.add_argument("--json", action="store_true", help="events and figures as one JSON object a line on stdout")


def _from_options(options: argparse.Namespace, image: tuple[int, int, int]) -> tuple[str, zoo.ModelConfig, TrainConfig]:
    sizes = {k: getattr(options, k) for k in ("channels", "hidden") if getattr(options, k) is not None}
    kind = options.likelihood or ("bernoulli" if image[0] == 1 else "gaussian-learned")
    likelihood = LikelihoodConfig(kind, options.sigma, options.binarize)
    model = zoo.model_config(options.model, image, options.latent, NetConfig(options.net, **sizes), likelihood)
    beta = model.objective.beta if options.beta is None else options.beta
    objective = ObjectiveConfig(beta, ScheduleConfig(options.beta_schedule), options.free_bits)
    length = {k: getattr(options, k) for k in ("epochs", "steps", "seconds") if getattr(options, k) is not None}
    names = ("batch_size", "lr", "lr_schedule", "ema", "patience", "seed", "threads", "engine")
    train = TrainConfig(**(length or {"epochs": 20}), **{k: getattr(options, k) for k in names})
    name = f"{Path(options.data).stem}-{options.model}-{options.latent}"
    return name, model.replace(objective=objective), train


def run(options: argparse.Namespace) -> int:
    if (options.recipe is None) == (options.data is None):
        raise ValueError("Say what to train on: either --recipe NAME or --data NAME.")
    recipe = recipes.RECIPES.get(options.recipe)
    data = load_dataset(recipe.data if recipe else options.data, size=options.size, progress=download_line())
    for name, reason in data.refused:
        print(f"left out {name}: {reason}", file=sys.stderr)
    if recipe:
        name, config, train, title = recipe.name, recipe.model, recipe.train, recipe.title
        if options.threads:
            train = train.replace(threads=options.threads)
        out = options.out or SHIPPED / f"{name}{SUFFIX}"
    else:
        name, config, train = _from_options(options, data.image)
        title = f"{zoo.ZOO[options.model].title}, {options.latent}-D"
        out = options.out or Path(f"{name}{SUFFIX}")
    device = devices.pick(options.device)
    torch.manual_seed(train.seed)
    model = Autoencoder(config).to(device)

    subscribers = [JsonLines(sys.stdout) if options.json else ProgressLine()]
    if options.tensorboard:
        subscribers.append(TensorBoard(options.tensorboard))
    stopped: list[int] = []
    before = {s: signal.signal(s, lambda number, frame: stopped.append(number)) for s in (signal.SIGINT, signal.SIGTERM)}
    folder = options.folder or Path("runs") / name
    try:
        summary = fit(
            model, data.train.x, data.validation.x, train,
            folder=folder, data=data.fingerprint, subscribers=subscribers, should_stop=lambda: bool(stopped),
        )  # fmt: skip
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if summary.reason == "stopped":
        print(f"Stopped at step {summary.steps}; the same command goes on from there.", file=sys.stderr)
        return 130
    packed = pack(model.cpu(), data, train, summary, out, title=title, iwae_samples=recipe.iwae_samples if recipe else 0)
    if options.json:
        print(json.dumps({"event": "packed", "path": str(out), "metrics": packed.metrics}))
    else:
        print(f"{out} ({out.stat().st_size / 1e6:.1f} MB)", file=sys.stderr)
        print_figures(packed.metrics)
    return 0

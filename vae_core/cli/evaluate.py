"""Measure a checkpoint on held-out images: distortion, rate, negative ELBO, MSE, SSIM, active units, and on request
the importance-weighted log-likelihood."""

from __future__ import annotations

import argparse
import json

from vae_core import devices, library
from vae_core.cli.reporting import download_line, print_figures
from vae_core.data import load_dataset
from vae_core.metrics import evaluate
from vae_core.pack import figures

HELP = "measure a checkpoint on held-out images"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", help="a shipped checkpoint's name, or a file")
    parser.add_argument("--data", help="a data set's name, a folder or a zip; the checkpoint's own if not given")
    parser.add_argument("--iwae", type=int, default=0, metavar="K", help="importance samples, up to 5000; 0: leave it out")
    parser.add_argument("--images", type=int, help="only the first so many held-out images")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", choices=devices.NAMES, default="auto")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(options: argparse.Namespace) -> int:
    checkpoint = library.load(options.checkpoint)
    model = checkpoint.model.to(devices.pick(options.device))
    name = options.data or checkpoint.data["name"]
    data = load_dataset(name, size=model.config.image[1], progress=download_line())
    images = data.test.x[: options.images]
    line = download_line()
    out = evaluate(
        model, images, seed=options.seed, iwae_samples=options.iwae, progress=lambda a, b: line("images", a, b)
    )
    if data.test.factors is not None and options.images is None:
        out = figures(model, data) | out
    out = {"checkpoint": options.checkpoint, "data": name, "scale": model.config.likelihood.scale} | out
    if options.json:
        print(json.dumps(out))
    else:
        print(f"{options.checkpoint} on {len(images)} held-out images of {data.title} ({out['scale']})")
        print_figures(out)
    return 0

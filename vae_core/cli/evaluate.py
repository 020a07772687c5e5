"""Measure a checkpoint on held-out images: distortion, rate, negative ELBO, MSE, SSIM, active units, and on request
the importance-weighted log-likelihood."""

from __future__ import annotations

import argparse
import json

from vae_core.cli import inputs
from vae_core.cli.reporting import download_line, print_figures
from vae_core.metrics import evaluate
from vae_core.pack import figures

HELP = "measure a checkpoint on held-out images"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    inputs.add_arguments(parser)
    parser.add_argument("--iwae", type=int, default=0, metavar="K", help="importance samples, up to 5000; 0: leave it out")
    parser.add_argument("--images", type=int, help="only the first so many held-out images")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> int:
    model, data = inputs.load(options)
    images = data.test.x[: options.images]
    line = download_line()
    out = evaluate(
        model, images, seed=options.seed, iwae_samples=options.iwae, progress=lambda done, total: line("images", done, total)
    )
    if data.test.factors is not None and options.images is None:
        out = figures(model, data) | out
    scale = model.config.likelihood.scale
    if options.json:
        print(json.dumps({"checkpoint": options.checkpoint, "data": data.name, "scale": scale} | out))
    else:
        print(f"{options.checkpoint} on {len(images)} held-out images of {data.title} ({scale})")
        print_figures(out)
    return 0

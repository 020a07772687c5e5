"""Measure a checkpoint on held-out images: distortion, rate, negative ELBO, MSE, SSIM, active units, and on request
the importance-weighted log-likelihood."""

from __future__ import annotations

import argparse
import json

from vae_core.cli import inputs
from vae_core.cli.numbers import whole
from vae_core.cli.reporting import download_line, print_figures
from vae_core.metrics import evaluate
from vae_core.metrics.iwae import MOST_SAMPLES
from vae_core.pack import factor_scores

HELP = "measure a checkpoint on held-out images"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    inputs.add_arguments(parser)
    parser.add_argument("--iwae", type=whole(0, MOST_SAMPLES), default=0, metavar="K",
                        help=f"importance samples, up to {MOST_SAMPLES}; none if not given")  # fmt: skip
    parser.add_argument("--images", type=whole(1, 10**9), help="only the first so many held-out images")
    parser.add_argument("--seed", type=whole(0, 2**30), default=0, help="of the noise; 0 if not given")


def run(options: argparse.Namespace) -> int:
    model, data, found = inputs.load(options)
    images = data.test.x[: options.images]
    line = download_line()
    out = evaluate(
        model, images, seed=options.seed, iwae_samples=options.iwae, progress=lambda done, total: line("images", done, total)
    )
    if data.test.factors is not None and options.images is None:
        out |= factor_scores(model.encode(images).mean, data)
    scale = model.config.likelihood.scale
    if options.json:
        about = {"checkpoint": options.checkpoint, "data": data.name, "scale": scale}
        about |= {"same_data": found.same, "held_out": found.held_out, "note": found.note}
        print(json.dumps(about | out))
    else:
        which = "held-out images" if found.held_out else "images, held out or not,"
        print(f"{options.checkpoint} on {len(images)} {which} of {data.title} ({scale})")
        print_figures(out)
    return 0

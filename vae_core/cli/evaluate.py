"""Measure a checkpoint on images of a data set.

The figures are distortion, rate, negative ELBO, MSE, SSIM, active units, scores of disentanglement where the factors are known,
and on request the importance-weighted bound.
"""

from __future__ import annotations

import argparse
import json
import sys

from vae_core import devices
from vae_core.checkpoint import registry
from vae_core.checkpoint.measured import factor_scores, measure_again
from vae_core.cli import inputs
from vae_core.cli.numbers import whole
from vae_core.cli.option_names import refuse
from vae_core.cli.reporting import download_line, print_figures
from vae_core.data.provenance import Provenance, provenance
from vae_core.metrics import evaluate
from vae_core.metrics.draws import FEWEST_DRAWS, MOST_DRAWS, is_random
from vae_core.metrics.iwae import MOST_SAMPLES
from vae_core.models.autoencoder import Autoencoder

HELP = "measure a checkpoint on held-out images"
SPLITS = {"train": "training images", "validation": "validation images", "test": "held-out images (test split)"}
UNKNOWN = "images of the test split, which the model may have been trained on,"
CHOICES = ("split", "images", "samples", "iwae", "seed")
"""Options that are settled for the figures which a checkpoint holds."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `evaluate`."""
    inputs.add_arguments(parser)
    parser.add_argument("--split", choices=list(SPLITS), help="test if not given; choices are made on validation images")
    parser.add_argument("--images", type=whole(1, 10**9), help="only the first so many images of the split")
    parser.add_argument("--samples", type=whole(1, 10**4), metavar="N",
                        help=f"draws of z for each image; if not given {FEWEST_DRAWS}, and up to {MOST_DRAWS} until the "
                        "standard error is below the last digit shown")  # fmt: skip
    parser.add_argument("--iwae", type=whole(0, MOST_SAMPLES), metavar="K",
                        help=f"importance samples, up to {MOST_SAMPLES}; none if not given")  # fmt: skip
    parser.add_argument("--seed", type=whole(0, 2**30), help="of the noise; 0 if not given")
    parser.add_argument("--update", action="store_true",
                        help="measure on the checkpoint's own test images and write the figures into its file; the weights and "
                        "the importance-weighted bound stay")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Measures the checkpoint, prints the figures and returns the exit code."""
    if options.update:
        return _update(options)
    checkpoint = inputs.load_checkpoint(options)
    model = checkpoint.model
    refuse(options, _unused(model))
    data, found = inputs.load_images(options, checkpoint)
    split, seed = options.split or "test", options.seed or 0
    part = getattr(data, split)
    images = part if options.images is None else part.first(options.images)
    line = download_line()
    out = evaluate(
        model, images, seed=seed, samples=options.samples, iwae_samples=options.iwae or 0,
        progress=lambda done, total: line("images", done, total),
    )  # fmt: skip
    if part.factors is not None and options.images is None:
        out |= factor_scores(model.encode(images).mean, part, data.factor_names)
    scale = model.config.likelihood.scale
    if options.json:
        about = {"checkpoint": options.checkpoint, "data": data.name, "split": split, "scale": scale}
        about |= {"same_data": found.same, "held_out": found.held_out, "note": found.note}
        print(json.dumps(about | out))
    else:
        print(f"{options.checkpoint} on {len(images)} {_called(split, found)} of {data.title} ({scale})")
        print_figures(out, scale)
    return 0


def _called(split: str, found: Provenance) -> str:
    """The name of the images of a split."""
    return SPLITS[split] if found.held_out or split != "test" else UNKNOWN


def _unused(model: Autoencoder) -> dict[str, str]:
    """Options without effect on the figures of a model, and with what in it."""
    unused = {}
    if not is_random(model):
        unused |= dict.fromkeys(("samples", "seed"), "a deterministic code, of which there is one draw")
    if not model.capabilities.density:
        unused["iwae"] = "a deterministic code, of which there are no importance samples"
    return unused


def _update(options: argparse.Namespace) -> int:
    refuse(options, dict.fromkeys(CHOICES, "--update"))
    path = registry.find(options.checkpoint)
    data = inputs.load_data(options, inputs.load_checkpoint(options))
    line = download_line()
    packed = measure_again(
        path, data, device=devices.pick(options.device), progress=lambda done, total: line("images", done, total)
    )
    found = provenance(packed.data, data)
    if found.note:
        print(found.note, file=sys.stderr)
    if options.json:
        print(json.dumps({"checkpoint": options.checkpoint, "path": str(path), "metrics": packed.metrics}))
    else:
        print(f"{path}: figures of {packed.metrics['n']} {_called('test', found)} of {data.title}")
        print_figures(packed.metrics, packed.config.likelihood.scale)
    return 0

"""Encode images and write their codes as a .npz file: `mean` (N, d), `scale` (N, d), `rate` (N,), `labels` (N,)."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from vae_core.cli import inputs
from vae_core.files import replacing, writable

HELP = "write the codes of images"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `encode`."""
    inputs.add_arguments(parser)
    parser.add_argument("--split", choices=["train", "validation", "test"], default="test", help="test if not given")
    parser.add_argument("--out", type=Path, default=Path("codes.npz"), help="codes.npz if not given")


def run(options: argparse.Namespace) -> int:
    """Encodes the images, writes their codes and returns the exit code."""
    writable(options.out)
    checkpoint = inputs.load_checkpoint(options)
    data, found = inputs.load_images(options, checkpoint)
    split = getattr(data, options.split)
    codes = checkpoint.model.encode(split)
    arrays = {"mean": codes.mean, "scale": codes.scale, "details": codes.details, "rate": codes.rate, "labels": split.y}
    arrays = {k: v.numpy() for k, v in arrays.items() if v is not None}
    with replacing(options.out) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)
    told = {"out": str(options.out), "data": data.name, "split": options.split, "n": len(split), "arrays": sorted(arrays)}
    told |= {"same_data": found.same, "note": found.note}
    said = f"{options.out}: {', '.join(told['arrays'])} of {len(split)} {split.field.noun}s"
    print(json.dumps(told) if options.json else said)
    return 0

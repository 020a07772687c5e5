"""Encode images and write their codes as a .npz file: `mean` (N, d), `scale` (N, d), `rate` (N,), `labels` (N,)."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from vae_core import devices, library
from vae_core.cli.reporting import download_line
from vae_core.data import load_dataset
from vae_core.files import replacing

HELP = "write the codes of images"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", help="a shipped checkpoint's name, or a file")
    parser.add_argument("--data", help="a data set's name, a folder or a zip; the checkpoint's own if not given")
    parser.add_argument("--split", choices=["train", "validation", "test"], default="test")
    parser.add_argument("--out", type=Path, default=Path("codes.npz"))
    parser.add_argument("--device", choices=devices.NAMES, default="auto")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(options: argparse.Namespace) -> int:
    checkpoint = library.load(options.checkpoint)
    model = checkpoint.model.to(devices.pick(options.device))
    name = options.data or checkpoint.data["name"]
    data = load_dataset(name, size=model.config.image[1], progress=download_line())
    split = getattr(data, options.split)
    codes = model.encode(split.x)
    arrays = {"mean": codes.mean, "scale": codes.scale, "rate": codes.rate, "labels": split.y}
    arrays = {k: v.numpy() for k, v in arrays.items() if v is not None}
    with replacing(options.out) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)
    out = {"out": str(options.out), "data": name, "split": options.split, "n": len(split), "arrays": sorted(arrays)}
    print(json.dumps(out) if options.json else f"{options.out}: {', '.join(sorted(arrays))} of {len(split)} images")
    return 0

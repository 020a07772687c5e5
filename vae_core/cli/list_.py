"""List the checkpoints at hand with their held-out figures, as a table in Markdown."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from vae_core import library
from vae_core.checkpoint import CheckpointError, read_header
from vae_core.cli.reporting import figure
from vae_core.config import ModelConfig

HELP = "list the checkpoints and their held-out figures"
COLUMNS = ("distortion", "rate", "negative_elbo", "iwae_nll", "mse", "ssim", "active_units", "mig")
HEADS = ("distortion", "rate", "-ELBO", "IWAE NLL", "MSE", "SSIM", "active", "MIG")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a checkpoint on stdout")


def _row(name: str, header: dict[str, Any], size: int) -> dict[str, Any]:
    config = ModelConfig.from_json(header["config"])
    return {
        "name": name,
        "title": header["title"],
        "data": header["data"].get("name"),
        "latent": config.latent,
        "scale": config.likelihood.scale,
        "minutes": round(header["training"].get("seconds", 0) / 60, 1),
        "epochs": round(header["training"].get("epochs", 0), 1),
        "megabytes": round(size / 1e6, 1),
        "metrics": header["metrics"],
    }


def run(options: argparse.Namespace) -> int:
    rows, broken = [], False
    for name, path in library.paths().items():
        try:
            rows.append(_row(name, read_header(path), path.stat().st_size))
        except CheckpointError as error:
            broken = True
            print(f"error: {error}", file=sys.stderr)
    if options.json:
        for row in rows:
            print(json.dumps(row))
        return int(broken)
    print("| checkpoint | nats of | " + " | ".join(HEADS) + " | trained, min | MB |")
    print("|---|---" + "|---:" * (len(HEADS) + 2) + "|")
    for row in rows:
        cells = [figure(c, row["metrics"][c]) if c in row["metrics"] else "" for c in COLUMNS]
        print(f"| {row['name']} | {row['scale']} | " + " | ".join(cells) + f" | {row['minutes']:.0f} | {row['megabytes']} |")
    return int(broken)

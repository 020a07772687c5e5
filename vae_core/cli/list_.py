"""List the checkpoints at hand with their held-out figures, as a table in Markdown."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from vae_core.checkpoint import CheckpointError, read_header, registry
from vae_core.config import ModelConfig, TrainConfig
from vae_core.metrics.table import METRICS, shown, title

HELP = "list the checkpoints and their held-out figures"
COLUMNS = ("distortion", "rate", "negative_elbo", "iwae_nll", "mse", "ssim", "token_accuracy", "active_units", "mig")
COMPARED: dict[str, str] = dict.fromkeys(("mse", "ssim"), " (image as given)")
"""The image that a figure without a unit compares the reconstruction with."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `list`."""
    parser.add_argument("--json", action="store_true", help="one JSON object a checkpoint on stdout")


def _row(name: str, header: dict[str, Any], size: int) -> dict[str, Any]:
    config, training = ModelConfig.from_json(header["config"]), header["training"]
    steps = training.get("steps", 0)
    return {
        "name": name,
        "title": header["title"],
        "data": header["data"].get("name"),
        "latent": config.code_size,
        "scale": config.likelihood.scale,
        "steps": steps,
        "images": steps * TrainConfig.from_json(training["config"]).batch_size if "config" in training else 0,
        "epochs": round(training.get("epochs", 0), 1),
        "megabytes": round(size / 1e6, 1),
        "metrics": header["metrics"],
    }


def run(options: argparse.Namespace) -> int:
    """Prints the table and returns the exit code, which is 1 where a file is no checkpoint."""
    rows, broken = [], False
    for name, path in registry.paths().items():
        try:
            rows.append(_row(name, read_header(path), path.stat().st_size))
        except CheckpointError as error:
            broken = True
            print(f"error: {error}", file=sys.stderr)
    if options.json:
        for row in rows:
            print(json.dumps(row))
        return int(broken)
    heads = [METRICS[name].title + COMPARED.get(name, "") for name in COLUMNS]
    print("| Checkpoint | Nats of | " + " | ".join(heads) + " | Steps | Images, millions | MB |")
    print("|---|---" + "|---:" * (len(heads) + 3) + "|")
    for row in rows:
        cells = [_cell(name, row) for name in COLUMNS]
        cells += [f"{row['steps']:,.0f}", f"{row['images'] / 1e6:.1f}", str(row["megabytes"])]
        print(f"| {row['name']} | {row['scale']} | " + " | ".join(cells) + " |")
    return int(broken)


def _cell(name: str, row: dict[str, Any]) -> str:
    if name not in row["metrics"]:
        return ""
    own = title(name, row["scale"])
    return shown(name, row["metrics"]) + ("" if own == METRICS[name].title else f" ({own})")

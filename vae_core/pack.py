"""From a trained model to a checkpoint: measured on held-out images, with the weights that are stored."""

from __future__ import annotations

import copy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from vae_core import checkpoint
from vae_core.autoencoder import Autoencoder
from vae_core.checkpoint import Checkpoint, HeldOut
from vae_core.config import TrainConfig
from vae_core.data import Dataset
from vae_core.metrics import Progress, disentanglement, evaluate, held_out
from vae_core.training.fit import Summary

HALF_TOLERANCE = 1e-3
"""Largest relative change of a held-out figure for which weights are stored as float16."""
IMAGES_FOR_CODES = 10_000
"""Training images whose codes the Gaussian for sampling is fitted to."""


def pack(
    model: Autoencoder,
    data: Dataset,
    config: TrainConfig,
    summary: Summary,
    path: Path,
    *,
    title: str = "",
    iwae_samples: int = 0,
    progress: Progress | None = None,
) -> Checkpoint:
    """Measures `model` on the test split and writes its checkpoint to `path`, in float16 where that changes no figure by
    more than 0.1%. Gives the checkpoint as it was stored.

    Raises CheckpointError where the model holds values that are not finite.
    """
    model = model.eval()
    model.fit_codes(data.train.x[:IMAGES_FOR_CODES])
    full = figures(model, data)
    halved = _halved(model)
    in_half = figures(halved, data)
    half = all(_close(full[k], in_half[k]) for k in full)
    stored, metrics = (halved, in_half) if half else (model, full)
    if iwae_samples and metrics["rate"] is not None:
        metrics |= evaluate(stored, data.test.x, iwae_samples=iwae_samples, progress=progress)
    seen = held_out(stored, data.test.x)
    if seen.rate_by_group is not None:
        metrics["rate_by_group"] = seen.rate_by_group.tolist()
    packed = Checkpoint(
        model=stored,
        data={
            "name": data.name,
            "title": data.title,
            "about": data.about,
            "fingerprint": data.fingerprint,
            "classes": list(data.classes),
        },
        training={"config": config.to_json()} | asdict(summary),
        metrics=metrics,
        held_out=HeldOut(seen.mean, seen.scale, seen.distortion, seen.rate, seen.mse, data.test.y),
        title=title,
    )
    checkpoint.save(packed, path, half=half)
    return checkpoint.load(path)


def figures(model: Autoencoder, data: Dataset) -> dict[str, Any]:
    """The figures of a model on the test split: those of `evaluate`, and for known factors the disentanglement scores."""
    out = evaluate(model, data.test.x)
    if data.test.factors is not None:
        codes = model.encode(data.test.x).mean.numpy()
        out |= disentanglement(codes, data.test.factors.numpy(), data.factor_names)
    return out


def _halved(model: Autoencoder) -> Autoencoder:
    """The model as its file in float16 gives it back."""
    halved = copy.deepcopy(model)
    with torch.no_grad():
        for value in halved.state_dict().values():
            if value.is_floating_point():
                value.copy_(value.half())
    return halved


def _close(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    return abs(a - b) <= HALF_TOLERANCE * abs(a)


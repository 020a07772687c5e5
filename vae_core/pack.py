"""From a trained model to a checkpoint: measured on held-out images, with the weights that are stored."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from vae_core import checkpoint
from vae_core.autoencoder import Autoencoder
from vae_core.checkpoint import Checkpoint, HeldOut
from vae_core.config import TrainConfig
from vae_core.data import Dataset
from vae_core.metrics import Progress, disentanglement, iwae_nll, per_image, summarise
from vae_core.training.run import Summary

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
    more than 0.1%. Gives the checkpoint as it was stored. `progress` counts each image once for every time it is decoded.

    Raises CheckpointError where the model holds values that are not finite.
    """
    x = data.test.x
    model = model.eval()
    model.fit_codes(data.train.x[:IMAGES_FOR_CODES])
    iwae_samples = iwae_samples if model.posterior.stochastic else 0
    tell = _counted(progress, len(x) * (2 + iwae_samples))
    seen = per_image(model, x, with_ssim=True, progress=tell(0))
    halved = _halved(model)
    seen_in_half = per_image(halved, x, with_ssim=True, progress=tell(len(x)))
    half = _close(summarise(seen), summarise(seen_in_half))
    if half:
        model, seen = halved, seen_in_half
    metrics = summarise(seen) | factor_scores(seen.mean, data)
    if seen.rate_by_group is not None:
        metrics["rate_by_group"] = seen.rate_by_group.tolist()
    if iwae_samples:
        nll = iwae_nll(model, x, iwae_samples, progress=tell(2 * len(x)))
        metrics |= {"iwae_samples": iwae_samples, "iwae_nll": float(nll.mean())}
    about = {"name": data.name, "title": data.title, "about": data.about, "fingerprint": data.fingerprint}
    if data.split_by:
        about["split_by"] = data.split_by
    if data.preparation is not None:
        about["preparation"] = asdict(data.preparation)
    packed = Checkpoint(
        model=model,
        data=about | {"classes": list(data.classes)},
        training={"config": config.to_json()} | asdict(summary),
        metrics=metrics,
        held_out=HeldOut(seen.mean, seen.scale, seen.distortion, seen.rate, seen.mse, data.test.y),
        title=title,
    )
    checkpoint.save(packed, path, half=half)
    return checkpoint.load(path)


def _counted(progress: Progress | None, total: int) -> Callable[[int], Progress | None]:
    """For each part of the work, by what is done before it, a progress of the whole."""
    if progress is None:
        return lambda before: None
    return lambda before: lambda done, _: progress(before + done, total)


def factor_scores(codes: Tensor, data: Dataset) -> dict[str, float | None]:
    """The disentanglement scores of mean codes of the test images (N, d); none where the factors are not known."""
    if data.test.factors is None:
        return {}
    return disentanglement(codes.numpy(), data.test.factors.numpy(), data.factor_names)


def _halved(model: Autoencoder) -> Autoencoder:
    """The model as its file in float16 gives it back."""
    halved = copy.deepcopy(model)
    halved.load_state_dict(checkpoint.stored(model, half=True))
    return halved


def _close(full: dict[str, Any], half: dict[str, Any]) -> bool:
    # Scores of disentanglement are not among these: they jump with changes of a code that no image shows.
    pairs = [(value, half[key]) for key, value in full.items() if value is not None]
    return all(abs(a - b) <= HALF_TOLERANCE * abs(a) for a, b in pairs)

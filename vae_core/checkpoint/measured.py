"""From a trained model to a checkpoint: measured on held-out images, with the weights that are stored."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vae_core import checkpoint
from vae_core.checkpoint import Checkpoint, CheckpointError, HeldOut
from vae_core.checkpoint.header import in_range
from vae_core.config import TrainConfig
from vae_core.data import Dataset
from vae_core.data.dataset import Split
from vae_core.metrics import Progress, disentanglement, iwae_nll, most_passes, per_image, summarise
from vae_core.metrics.table import METRICS
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.samplers import FittedGaussian
from vae_core.training.run import Summary

HALF_TOLERANCE = 1e-3
"""Largest relative change of a figure of validation images for which weights are stored as float16."""
IMAGES_FOR_HALF = 2_000
"""Validation images on which that is decided."""
IMAGES_FOR_CODES = 10_000
"""Training images whose codes the Gaussian for sampling is fitted to."""


def save_measured(
    model: Autoencoder,
    data: Dataset,
    config: TrainConfig,
    summary: Summary,
    path: Path,
    *,
    title: str = "",
    start: Mapping[str, Any] | None = None,
    samples: int | None = None,
    iwae_samples: int = 0,
    progress: Progress | None = None,
) -> Checkpoint:
    """Measures `model` on the test split, writes its checkpoint to `path` and gives the checkpoint as it was stored.

    Weights are stored in float16 where that changes no figure of validation images by more than 0.1%.

    `start`: the `data` of the checkpoint that the training started from, None for new weights. `samples`: draws of each image,
    as for `per_image`. `progress` counts each image once for every time that it may be decoded.
    Raises CheckpointError where the model holds values that are not finite, and where no checkpoint can hold the model, the
    data or the figures.
    """
    checkpoint.check_storable(model, data, title)
    model = model.eval()
    iwae_samples = iwae_samples if model.capabilities.density else 0
    chosen = data.validation.first(IMAGES_FOR_HALF)
    deciding, measuring = 2 * len(chosen) * most_passes(model, 1), len(data.test) * most_passes(model, samples)
    tell = _counted(progress, deciding + measuring + len(data.test) * iwae_samples)
    codes = None
    if model.capabilities.plane:
        codes = FittedGaussian.fit(model.encode(data.train.first(IMAGES_FOR_CODES)).mean)
    halved = _halved(model)
    figures = [
        summarise(per_image(one, chosen, samples=1, with_ssim=True, progress=tell(i * deciding // 2)))
        for i, one in enumerate((model, halved))
    ]
    half = _close(*figures)
    model = halved if half else model
    metrics, held_out = measured(model, data, samples=samples, progress=tell(deciding))
    if iwae_samples:
        nll = iwae_nll(model, data.test, iwae_samples, progress=tell(deciding + measuring))
        metrics |= {"iwae_samples": iwae_samples, "iwae_nll": float(nll.mean())}
    told = asdict(summary)
    packed = Checkpoint(
        model=model,
        data=checkpoint.about(data, start),
        training={"config": config.to_json()} | told | {"curve": [_point(point) for point in told["curve"]]},
        metrics=metrics,
        held_out=held_out,
        codes=codes,
        title=title,
    )
    checkpoint.save(packed, path, half=half)
    return checkpoint.load(path)


def measure_again(
    path: Path, data: Dataset, *, device: torch.device | str = "cpu", progress: Progress | None = None
) -> Checkpoint:
    """Measures the checkpoint at `path` anew on the test split of its own data set, and writes the figures into it.

    The weights stay bit for bit as they are, and with them what has been measured with importance samples. The file is
    replaced as a whole or not at all. Raises CheckpointError where the data are not those that the model was trained on.
    """
    loaded = checkpoint.load(path)
    if loaded.data.get("fingerprint") != data.fingerprint:
        raise CheckpointError(f"{path.name} was trained on other images than those of {data.title}; its figures stay.")
    metrics, held_out = measured(loaded.model.to(device), data, progress=progress)
    kept = {name: loaded.metrics[name] for name in ("iwae_samples", "iwae_nll") if name in loaded.metrics}
    loaded.metrics, loaded.held_out = metrics | kept, held_out
    checkpoint.save(loaded, path, half=checkpoint.is_half(path))
    return checkpoint.load(path)


def measured(
    model: Autoencoder, data: Dataset, *, samples: int | None = None, progress: Progress | None = None
) -> tuple[dict[str, Any], HeldOut]:
    """The figures of a model on the test split, and what is known of each of its images.

    Raises CheckpointError where a figure is outside its range.
    """
    seen = per_image(model, data.test, samples=samples, with_ssim=True, progress=progress)
    metrics: dict[str, Any] = summarise(seen) | factor_scores(seen.mean, data.test, data.factor_names)
    for name, metric in METRICS.items():
        if metrics.get(name) is not None and not metric.allows(metrics[name]):
            raise CheckpointError(
                f"The {metric.title} of this model is {metrics[name]:g} on held-out images, which no checkpoint holds: "
                "its training has diverged; lower the learning rate."
            )
    if seen.rate_by_dimension is not None:
        metrics["rate_by_group"] = seen.rate_by_dimension.tolist()
    # An estimate of a small rate from draws of the code may fall below 0, where no rate is.
    rate = None if seen.rate is None else seen.rate.clamp(min=0)
    return metrics, HeldOut(seen.mean, seen.scale, seen.distortion, rate, seen.likeness.get("mse"), data.test.y)


def _point(point: dict[str, float | None]) -> dict[str, float | None]:
    """A point of the loss curve; a loss that is not finite, as for a moment in a run, is not known."""
    return {name: value if in_range(value) else None for name, value in point.items()}


def _counted(progress: Progress | None, total: int) -> Callable[[int], Progress | None]:
    """For each part of the work, by what is done before it, a progress of the whole."""
    if progress is None:
        return lambda before: None
    return lambda before: lambda done, _: progress(before + done, total)


def factor_scores(codes: Tensor, split: Split, names: Sequence[str]) -> dict[str, Any]:
    """The disentanglement scores of the mean codes of a split's images (N, d).

    There are none where the factors are not known, or where codes are whole numbers.
    """
    if split.factors is None or not codes.is_floating_point():
        return {}
    return disentanglement(codes.numpy(), split.factors.numpy(), names)


def _halved(model: Autoencoder) -> Autoencoder:
    """The model as its file in float16 gives it back."""
    halved = copy.deepcopy(model)
    halved.load_state_dict(model.state_dict() | checkpoint.stored(model, half=True))
    return halved


def _close(full: dict[str, Any], half: dict[str, Any]) -> bool:
    # Scores of disentanglement are not among these: they jump with changes of a code that no image shows.
    pairs = [(value, half[key]) for key, value in full.items() if value is not None]
    return all(abs(a - b) <= HALF_TOLERANCE * abs(a) for a, b in pairs)

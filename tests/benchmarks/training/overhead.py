"""What it costs that a run tells of itself and saves itself: the same run with and without."""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from training import images, peers
from vae_core import TrainConfig, devices, fit
from vae_core.data.dataset import Split, TrainingSplits
from vae_core.training.events import JsonLines


def told_and_saved(repeats: int, small: bool) -> dict[str, Any]:
    """Share of the wall time of an MLP's run that goes to subscribers and to writing the training state.

    A run lasts some ten seconds and writes once, at its end: by default a long one writes every 30 seconds, so that the
    share is an upper bound. The means that a progress event tells are summed in both runs.
    """
    device = devices.pick("auto")
    pictures, data = images.digits(2_000 if small else 50_000)
    splits = TrainingSplits(Split(pictures), Split(pictures[:500]))
    steps = 10
    if not small:
        begin = time.perf_counter()
        _run(device, splits, 200, False)
        steps = max(200, int(200 * 10 / (time.perf_counter() - begin)))
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for k in range(repeats):
        # Turn about in who goes first: a machine that slows down must not weigh on one side.
        for whole in (True, False) if k % 2 else (False, True):
            seconds[whole].append(_run(device, splits, steps, whole))
    shares = [1 - bare / whole for bare, whole in zip(seconds[False], seconds[True], strict=True)]
    figures = {
        "seconds_with": statistics.median(seconds[True]),
        "seconds_without": statistics.median(seconds[False]),
        "share": statistics.median(shares),
    }
    return {"figures": figures, "ratios": {}, "about": {"data": data, "batch": peers.BATCH, "steps": steps, "repeats": repeats}}


def _run(device: torch.device, data: TrainingSplits, steps: int, whole: bool) -> float:
    torch.manual_seed(0)
    model = peers.our_mlp().to(device)
    config = TrainConfig(steps=steps, batch_size=peers.BATCH, lr=peers.LR)
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        if whole:
            fit(model, data, config, folder=Path(folder), subscribers=[JsonLines(io.StringIO())])
        else:
            fit(model, data, config)
        return time.perf_counter() - begin

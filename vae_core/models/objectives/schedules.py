"""weight(progress): the share of its final value that a weight has at `progress`, the share of the run that is done."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from vae_core.config import ConstantSchedule, CyclicalSchedule, LinearSchedule, ScheduleConfig
from vae_core.config.training import LearningRateKind

WEIGHTS: dict[type[ScheduleConfig], Callable[[Any, float], float]] = {
    ConstantSchedule: lambda config, progress: 1.0,
    LinearSchedule: lambda config, progress: min(1.0, progress / config.share),
    CyclicalSchedule: lambda config, progress: min(1.0, progress * config.cycles % 1.0 / config.share) if progress < 1 else 1.0,
}


def weight(config: ScheduleConfig, progress: float) -> float:
    """The weight of a term at `progress` in [0, 1]: a number in [0, 1]."""
    return WEIGHTS[type(config)](config, progress)


def learning_rate(kind: LearningRateKind, warmup: float, progress: float) -> float:
    """The share of the peak learning rate at `progress`.

    `one-cycle` rises by a half cosine from 1/25 of the peak and falls by one to almost nothing (Smith & Topin 2018); `cosine`
    rises in a straight line from there and falls by a half cosine (Loshchilov & Hutter 2017).
    """
    if kind == "constant":
        return 1.0
    if progress < warmup:
        rise = progress / warmup
        return 0.04 + 0.96 * (0.5 * (1 - math.cos(math.pi * rise)) if kind == "one-cycle" else rise)
    fall = (progress - warmup) / (1 - warmup)
    return max(0.5 * (1 + math.cos(math.pi * min(fall, 1.0))), 1e-5)

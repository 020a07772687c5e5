"""weight(progress): the share of its final value that a weight has at `progress`, the share of the run that is done."""

from __future__ import annotations

import math

from vae_core.config import LearningRateKind, ScheduleConfig


def weight(config: ScheduleConfig, progress: float) -> float:
    """The weight of a term at `progress` in [0, 1]: a number in [0, 1].

    `linear` rises from 0 over the first `share` of the run (Bowman et al. 2016, there by steps); `cyclical` does so in each of
    `cycles` equal parts of it (Fu et al. 2019, eq. 7).
    """
    if config.kind == "constant":
        return 1.0
    if config.kind == "linear":
        return min(1.0, progress / config.share)
    within = (progress * config.cycles) % 1.0 if progress < 1 else 1.0
    return min(1.0, within / config.share)


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

"""Titles, units and values of metrics and of terms of the loss, for pages and payloads."""

from __future__ import annotations

import numpy as np

from vae_core.metrics.table import METRICS, Metric, labelled, metric_named, shown

__all__ = ["METRICS", "Metric", "labelled", "metric_named", "mse_captions"]


def mse_captions(a: np.ndarray, b: np.ndarray) -> list[str]:
    """The mean squared error between each image of `a` and that of `b`, as text; both are (N, C, H, W) in [0, 1]."""
    return [shown("mse", {"mse": value}) for value in ((a - b) ** 2).mean((1, 2, 3))]

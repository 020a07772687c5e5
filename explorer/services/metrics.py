"""How metrics and terms of the loss are shown: the table of the package, for pages and payloads."""

from __future__ import annotations

import numpy as np

from vae_core.metrics.table import METRICS, Metric, labelled, metric_named, shown

__all__ = ["METRICS", "Metric", "labelled", "metric_named", "mse_captions"]


def mse_captions(a: np.ndarray, b: np.ndarray) -> list[str]:
    """The MSE of each image of `a` and the same one of `b` as text, from arrays (N, C, H, W) in [0, 1]."""
    return [shown("mse", {"mse": value}) for value in ((a - b) ** 2).mean((1, 2, 3))]

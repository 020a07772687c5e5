"""Errors of pixels as colours."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from explorer.design_tokens import design_tokens


def viridis(share: np.ndarray) -> np.ndarray:
    """Values (H, W) from 0 to 1 in the colours of viridis: float (3, H, W).

    Values outside take the colour of the nearer end.
    """
    anchors = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in design_tokens()["amounts"]]) / 255
    positions = np.linspace(0, 1, len(anchors))
    return np.stack([np.interp(share, positions, channel) for channel in anchors.T])


def error_scale(errors: Iterable[np.ndarray]) -> float:
    """The upper end of a common colour scale: 99.5% of the errors are below it."""
    return max(float(np.quantile(np.stack(list(errors)), 0.995)), 1e-3)


def error_maps(errors: np.ndarray, high: float) -> list[np.ndarray]:
    """Errors of pixels (N, H, W) as N images (3, H, W), on a colour scale from 0 to `high`."""
    return [viridis(error / high) for error in errors]

"""Where a learned standard deviation of the pixels starts, so that a short run need not spend its steps on finding it."""

from __future__ import annotations

import torch
from torch import Tensor

MOST_IMAGES = 500
LEAST, MOST = 0.01, 0.5


def starting_sigma(x: Tensor, latent: int) -> float:
    """Root mean squared error of a pixel, in units of [0, 1], when images are rebuilt from `latent` components of other images.

    The components are the principal ones. The error is near what an autoencoder with a code of that size comes to in a short
    run, whose learned sigma has its optimum at the root mean squared error of the reconstructions (Rybkin, Daniilidis & Levine
    2021, eq. 5). x: uint8 (N, C, H, W), of which up to MOST_IMAGES, evenly spread, are read: the components are of every second
    one, the error is of the others.
    """
    some = x[:: max(1, len(x) // MOST_IMAGES)][:MOST_IMAGES].flatten(1).double() / 255
    fitted, others = some[::2], some[1::2] if len(some) > 1 else some
    mean = fitted.mean(0)
    _, _, components = torch.linalg.svd(fitted - mean, full_matrices=False)
    centred, kept = others - mean, components[:latent]
    rest = (centred - centred @ kept.T @ kept).square().mean()
    return min(MOST, max(LEAST, float(rest.sqrt())))

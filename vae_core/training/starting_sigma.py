"""Where a learned standard deviation of the pixels starts, so that a short run need not spend its steps on finding it."""

from __future__ import annotations

import torch
from torch import Tensor

MOST_IMAGES = 500
LEAST, MOST = 0.01, 0.5


def starting_sigma(x: Tensor, latent: int) -> float:
    """Root mean squared error of a pixel, in units of [0, 1], when images are rebuilt from their first `latent` principal
    components: near what an autoencoder with a code of that size comes to in a short run.

    x: uint8 (N, C, H, W), of which up to MOST_IMAGES, evenly spread, are read. The optimum of sigma is the root mean squared
    error of the reconstructions (Rybkin, Daniilidis & Levine 2021, eq. 5).
    """
    some = x[:: max(1, len(x) // MOST_IMAGES)][:MOST_IMAGES].flatten(1).double() / 255
    centred = some - some.mean(0)
    # The eigenvalues of the small Gram matrix are those of the covariance of the pixels.
    eigenvalues = torch.linalg.eigvalsh(centred @ centred.T).flip(0)
    rest = eigenvalues[latent:].clamp(min=0).sum() / centred.numel()
    return min(MOST, max(LEAST, float(rest.sqrt())))

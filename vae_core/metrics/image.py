"""Likeness of images."""

from __future__ import annotations

import contextlib
from typing import cast

import torch
from torch import Tensor

from vae_core.torchvision_shim import import_torchvision

WINDOW_RADIUS = 5
"""Wang et al. 2004, section III.B: an 11 x 11 Gaussian window of standard deviation 1.5 pixels, so 0.3 of its radius."""


def window_sigma(height: int, width: int) -> float:
    """The window's standard deviation in pixels: 1.5, and less where an 11 x 11 window is larger than the image.

    The largest odd window that fits is then used, shrunk as a whole (for 8 x 8 pixels: 7 x 7 and 0.9). Figures of images
    below 11 pixels are not comparable with those of larger ones.
    """
    return 0.3 * min(WINDOW_RADIUS, (min(height, width) - 1) // 2)


def ssim(a: Tensor, b: Tensor, batch_size: int = 500) -> Tensor:
    """Structural similarity of images a and b in [0, 1], both (N, C, H, W): (N,), 1 where they are equal.

    Wang et al. 2004, eq. 13, as torchmetrics has it: the mean over channels and over all pixels, the image being mirrored at
    its edges. Memory is that of `batch_size` images.
    """
    # torchmetrics imports torchvision where that is installed, and fails where its import does.
    with contextlib.suppress(ImportError):
        import_torchvision()
    from torchmetrics.functional.image import structural_similarity_index_measure

    sigma = window_sigma(*a.shape[2:])
    pieces = [
        structural_similarity_index_measure(p, q, sigma=sigma, reduction="none", data_range=1.0)
        for p, q in zip(a.float().split(batch_size), b.float().split(batch_size), strict=True)
    ]
    # A pair is returned only if more than the index is asked for.
    return torch.cat([cast(torch.Tensor, p).reshape(-1) for p in pieces])

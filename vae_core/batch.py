"""What a model is given, and how images at rest (uint8) become images in compute (float32 in [0, 1])."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass
class Batch:
    """Images with what may be known of them. Today's models read `x`; `given` is a condition for those that take one."""

    x: Tensor
    """float32 in [0, 1], (B, C, H, W)."""
    y: Tensor | None = None
    """Class labels, int64 (B,)."""
    mask: Tensor | None = None
    """True where a pixel was observed, bool (B, C, H, W)."""
    given: Tensor | None = None
    """Condition for encoder, decoder and prior, (B, k)."""


@dataclass
class Noise:
    """All the chance in one training step, drawn outside the model, so that any engine can be given the same."""

    latent: Tensor | None = None
    """Standard normal, (B, d)."""
    pixels: Tensor | None = None
    """Uniform in [0, 1), (B, C, H, W)."""


def scale(x: Tensor) -> Tensor:
    """uint8 images as float32 in [0, 1]."""
    return x.to(torch.float32) / 255


def as_images(x: np.ndarray | Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Images as a tensor (N, C, H, W), uint8 or float32 in [0, 1], of the given (C, H, W).

    Takes (N, C, H, W), one image (C, H, W), and for grey images (N, H, W). Raises ValueError on any other shape, on
    other number types and on floats outside [0, 1].
    """
    x = torch.as_tensor(np.ascontiguousarray(x) if isinstance(x, np.ndarray) else x)
    c, h, w = shape
    found = tuple(x.shape)
    if x.shape[-2:] == (h, w) and x.ndim == 3:
        x = x[:, None] if c == 1 and x.shape[0] != 1 else x[None]
    if x.ndim != 4 or tuple(x.shape[1:]) != shape:
        raise ValueError(f"Images have shape {found}; this model takes (N, {c}, {h}, {w}).")
    if x.dtype == torch.uint8:
        return x
    if not x.dtype.is_floating_point:
        raise ValueError(f"Images are {x.dtype}; give uint8 from 0 to 255, or floats from 0 to 1.")
    if x.numel() and not (bool((x >= 0).all()) and bool((x <= 1).all())):
        raise ValueError("Images have values outside 0 to 1; give floats from 0 to 1, or uint8 from 0 to 255.")
    return x.to(torch.float32)


def as_codes(z: np.ndarray | Tensor, latent: int) -> Tensor:
    """Codes as a float32 tensor (N, d); takes (N, d) or one code (d,). Raises ValueError on any other shape."""
    z = torch.as_tensor(np.ascontiguousarray(z) if isinstance(z, np.ndarray) else z)
    z = z[None] if z.ndim == 1 else z
    if z.ndim != 2 or z.shape[1] != latent:
        raise ValueError(f"Codes have shape {tuple(z.shape)}; this model takes (N, {latent}).")
    return z.to(torch.float32)

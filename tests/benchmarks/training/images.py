"""Images to time with. Speed does not depend on what they show, so smaller sets stand in where MNIST is not at hand."""

from __future__ import annotations

import torch
from torch import Tensor

from vae_core.data import DataError, load_dataset


def digits(count: int) -> tuple[Tensor, str]:
    """uint8 (count, 1, 28, 28), and in words what they are."""
    for name in ("mnist", "mnist5k"):
        try:
            images = load_dataset(name).train.x
        except DataError:
            continue
        whole = len(images) >= count
        return images[torch.arange(count) % len(images)], name if whole else f"{name}, repeated"
    return noise((1, 28, 28), count), "random pixels"


def noise(shape: tuple[int, int, int], count: int) -> Tensor:
    """Random pixels, uint8 (count, C, H, W)."""
    return torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))

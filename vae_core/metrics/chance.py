"""The chance in a measurement: streams of numbers that depend on the seed alone.

NumPy's generators give the same numbers however many are asked for at a time, and on any device, which torch's do not. A
figure is therefore the same for every batch size.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

PIXELS, LATENT, IMPORTANCE = range(3)
"""What a stream is for."""


class Stream:
    """Random numbers for one purpose, and one round of it, float32, in the order in which they are asked for."""

    def __init__(self, seed: int, purpose: int, round_: int = 0):
        self._generator = np.random.default_rng([purpose, seed, round_] if round_ else [purpose, seed])

    def uniform(self, *shape: int) -> Tensor:
        """Uniform in [0, 1)."""
        return torch.from_numpy(self._generator.random(shape, dtype=np.float32))

    def normal(self, *shape: int) -> Tensor:
        """Standard normal."""
        return torch.from_numpy(self._generator.standard_normal(shape, dtype=np.float32))

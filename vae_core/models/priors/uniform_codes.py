"""The uniform distribution over grids of codes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_core.batch import Noise
from vae_core.config import GridConfig
from vae_core.models.priors.base import Prior
from vae_core.specs import NoiseSpec


class UniformCodes(Prior):
    """Independent codes at the places of a grid, all equally probable (van den Oord, Vinyals & Kavukcuoglu 2017, section 3.1).

    Its KL from a posterior that has one code for each observation is the same for all of them. It is the prior of training
    alone: images are drawn from another one, which is fitted to the codes of a trained model.
    """

    log_probability: float
    """The log probability of a grid, log p(z), in nats."""

    def __init__(self, grid: GridConfig):
        super().__init__()
        self.codes = grid.codes
        self.log_probability = -math.prod(grid.grid) * math.log(grid.codes)
        self.noise = (NoiseSpec("codes", grid.grid, "uniform"),)

    def log_prob(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """The log probability of grids, a constant: (B,), nats."""
        return z.new_full(z.shape[:1], self.log_probability, dtype=torch.float32)

    def draw(self, noise: Noise, condition: Tensor | None = None) -> Tensor:
        """Codes, int64 (B, h, w), which have no gradient."""
        return (noise["codes"] * self.codes).long().clamp(max=self.codes - 1)

"""Batches from images in memory. What a step sees is a function of the seed and the step alone, so nothing needs saving."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.batch import Batch, scale
from vae_core.config import TrainConfig

_EPOCH, _STEP, _VALIDATION = range(3)


def _generator(seed: int, kind: int, index: int, device: torch.device) -> torch.Generator:
    # Torch's CPU generator reads the low 32 bits of a seed alone, so all three numbers have to be mixed into them.
    mixed = np.random.SeedSequence([seed, kind, index]).generate_state(1, np.uint32)
    return torch.Generator(device).manual_seed(int(mixed[0]))


def validation_generator(config: TrainConfig, device: torch.device) -> torch.Generator:
    """The same at every validation, so that two of them differ by the model alone."""
    return _generator(config.seed, _VALIDATION, 0, device)


class Feed:
    """uint8 images (N, C, H, W) on the model's device, shuffled anew each epoch, in batches of one size.

    The images that do not fill the last batch of an epoch wait for another epoch's order.
    """

    def __init__(self, x: Tensor, config: TrainConfig, device: torch.device):
        self.x = x.to(device)
        self.config = config
        self.batch_size = min(config.batch_size, len(x))
        self.steps_per_epoch = len(x) // self.batch_size
        self._order: Tensor | None = None
        self._epoch = -1

    def at(self, step: int) -> tuple[Batch, torch.Generator]:
        """The batch of a step (float32 in [0, 1]), and the generator for the rest of its chance."""
        epoch, within = divmod(step, self.steps_per_epoch)
        device = self.x.device
        if epoch != self._epoch:
            generator = _generator(self.config.seed, _EPOCH, epoch, device)
            self._order = torch.randperm(len(self.x), generator=generator, device=device)
            self._epoch = epoch
        index = self._order[within * self.batch_size : (within + 1) * self.batch_size]
        generator = _generator(self.config.seed, _STEP, step, device)
        return Batch(self._augment(scale(self.x[index]), generator)), generator

    def _augment(self, x: Tensor, generator: torch.Generator) -> Tensor:
        n, reach = len(x), self.config.shift
        if self.config.flip:
            mirrored = torch.rand(n, 1, 1, 1, generator=generator, device=x.device) < 0.5
            x = torch.where(mirrored, x.flip(3), x)
        if reach:
            height, width = x.shape[2:]
            padded = F.pad(x, (reach,) * 4, mode="replicate")
            down, right = torch.randint(0, 2 * reach + 1, (2, n), generator=generator, device=x.device)
            rows = down[:, None] + torch.arange(height, device=x.device)
            columns = right[:, None] + torch.arange(width, device=x.device)
            images = torch.arange(n, device=x.device)[:, None, None]
            x = padded[images, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
        return x

"""What each step is given: a function of the seed and the step alone, so that nothing of it needs saving."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.autoencoder import Autoencoder
from vae_core.batch import Noise, scale
from vae_core.config import TrainConfig

_EPOCH, _BLOCK, _VALIDATION = range(3)
MOST_STEPS, MOST_NUMBERS = 64, 2**20
"""Of a block of steps, whose chance is drawn at once: so many steps, or fewer where they need more random numbers than that."""


def _generator(seed: int, kind: int, index: int, device: torch.device) -> torch.Generator:
    # Torch's CPU generator reads the low 32 bits of a seed alone, so all three numbers have to be mixed into them.
    mixed = np.random.SeedSequence([seed, kind, index]).generate_state(1, np.uint32)
    return torch.Generator(device).manual_seed(int(mixed[0]))


def validation_generator(config: TrainConfig, device: torch.device) -> torch.Generator:
    """The same at every validation, so that two of them differ by the model alone."""
    return _generator(config.seed, _VALIDATION, 0, device)


@dataclass
class Draws:
    """All the chance of one step, or of a block of steps one after the other; what a run does not need is None."""

    index: Tensor
    """Which images, int64 (B,)."""
    latent: Tensor | None = None
    """Standard normal, (B, d)."""
    pixels: Tensor | None = None
    """Uniform in [0, 1), (B, C, H, W)."""
    mirrored: Tensor | None = None
    """bool (B,)."""
    moved: Tensor | None = None
    """Pixels down and to the right, int64 (B, 2), from 0 to twice the reach."""

    def parts(self) -> list[Tensor | None]:
        return [self.index, self.latent, self.pixels, self.mirrored, self.moved]


def given(images: Tensor, draws: Draws, reach: int) -> tuple[Tensor, Noise]:
    """The images of a step, float32 (B, C, H, W) in [0, 1], mirrored and moved; and the model's own chance."""
    x = scale(images[draws.index])
    if draws.mirrored is not None:
        x = torch.where(draws.mirrored[:, None, None, None], x.flip(3), x)
    if draws.moved is not None:
        height, width = x.shape[2:]
        padded = F.pad(x, (reach,) * 4, mode="replicate")
        rows = draws.moved[:, :1] + torch.arange(height, device=x.device)
        columns = draws.moved[:, 1:] + torch.arange(width, device=x.device)
        each = torch.arange(len(x), device=x.device)[:, None, None]
        x = padded[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    return x.contiguous(memory_format=torch.channels_last), Noise(draws.latent, draws.pixels)


class Feed:
    """uint8 images (N, C, H, W) on the model's device, shuffled anew each epoch, in batches of one size.

    The images that do not fill the last batch of an epoch wait for another epoch's order.
    """

    def __init__(self, x: Tensor, config: TrainConfig, model: Autoencoder):
        self.images = x.to(model.device)
        self.config = config
        self.model = model
        self.batch_size = min(config.batch_size, len(x))
        self.steps_per_epoch = len(x) // self.batch_size
        one = model.draw_noise(1, torch.Generator(model.device))
        numbers = self.batch_size * sum(math.prod(part.shape) for part in (one.latent, one.pixels) if part is not None)
        self.steps_per_block = max(1, min(MOST_STEPS, MOST_NUMBERS // max(1, numbers)))
        self._order, self._epoch = None, -1
        self._block, self._at = None, -1

    def at(self, step: int) -> Draws:
        """The chance of a step."""
        index = self._rows(step)
        block, within = divmod(step, self.steps_per_block)
        if block != self._at:
            self._block, self._at = self._draw(block), block
        rows = slice(within * self.batch_size, (within + 1) * self.batch_size)
        return Draws(index, *(None if part is None else part[rows] for part in self._block))

    def _rows(self, step: int) -> Tensor:
        epoch, within = divmod(step, self.steps_per_epoch)
        device = self.images.device
        if epoch != self._epoch:
            generator = _generator(self.config.seed, _EPOCH, epoch, device)
            self._order, self._epoch = torch.randperm(len(self.images), generator=generator, device=device), epoch
        return self._order[within * self.batch_size : (within + 1) * self.batch_size]

    def _draw(self, block: int) -> list[Tensor | None]:
        n, reach, device = self.steps_per_block * self.batch_size, self.config.shift, self.images.device
        generator = _generator(self.config.seed, _BLOCK, block, device)
        noise = self.model.draw_noise(n, generator)
        mirrored = torch.rand(n, generator=generator, device=device) < 0.5 if self.config.flip else None
        moved = torch.randint(0, 2 * reach + 1, (n, 2), generator=generator, device=device) if reach else None
        return [noise.latent, noise.pixels, mirrored, moved]

"""What each step is given: a function of the seed and the step alone, so that nothing of it needs saving."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.autoencoder import Autoencoder
from vae_core.batch import Noise, scale
from vae_core.config import TrainConfig
from vae_core.training.errors import TrainingError
from vae_core.training.sources import Ahead, streams
from vae_core.training.team import Team

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
    """uint8 images (N, C, H, W), shuffled anew each epoch, in batches of one size; each process of a team has its share.

    The images that do not fill the last batch of an epoch wait for another epoch's order. Raises TrainingError where a batch
    does not divide among the team.
    """

    def __init__(self, x: Tensor, config: TrainConfig, model: Autoencoder, team: Team):
        self.config, self.model, self.team = config, model, team
        self.count, self.device = len(x), model.device
        self.batch_size = min(config.batch_size, len(x))
        if self.batch_size % self.team.size or self.batch_size < 2 * self.team.size:
            raise TrainingError(
                f"A batch of {self.batch_size} images does not divide among {self.team.size} processes; "
                f"take a batch size that is a multiple of {self.team.size}, with at least 2 images for each."
            )
        self.share = self.batch_size // self.team.size
        """Images of a batch that are this process's."""
        self.steps_per_epoch = len(x) // self.batch_size
        self.streamed = streams(x, model.device, config.source)
        self._ahead = Ahead(x.cpu(), model.device) if self.streamed else None
        self._images = None if self.streamed else x.to(model.device)
        one = model.draw_noise(1, torch.Generator(model.device))
        numbers = self.batch_size * sum(math.prod(part.shape) for part in (one.latent, one.pixels) if part is not None)
        self.steps_per_block = max(1, min(MOST_STEPS, MOST_NUMBERS // max(1, numbers)))
        self._orders: dict[int, Tensor] = {}
        self._block, self._at = None, -1

    def take(self, steps: range, most: int) -> tuple[Tensor, list[Draws]]:
        """Images on the device and the chance of each step, whose index points into them; no more than `most` steps.

        Streamed images are those of `most` steps, however many are asked for: what is compiled for them sees one shape.
        """
        draws = [self.at(step) for step in steps]
        if self._ahead is None:
            return self._images, draws
        rows_of = partial(self._lot, most)
        images = self._ahead.take(steps.start, rows_of)
        self._ahead.expect(steps.stop, rows_of)
        places = torch.arange(len(images), device=self.device).split(self.share)
        return images, [replace(one, index=place) for one, place in zip(draws, places, strict=False)]

    def example(self, step: int, most: int) -> tuple[Tensor, Draws]:
        """What a step may be given: shapes as in `take`, and an index that the images have."""
        draws = self.at(step)
        if self._ahead is None:
            return self._images, draws
        images = torch.zeros((most * self.share, *self.model.config.image), dtype=torch.uint8, device=self.device)
        return images, replace(draws, index=torch.arange(self.share, device=self.device))

    def close(self) -> None:
        if self._ahead is not None:
            self._ahead.close()

    def at(self, step: int) -> Draws:
        """The chance of a step."""
        index = self._rows(step)
        block, within = divmod(step, self.steps_per_block)
        if block != self._at:
            self._block, self._at = self._draw(block), block
        rows = slice(within * self.share, (within + 1) * self.share)
        return Draws(index, *(None if part is None else part[rows] for part in self._block))

    def _lot(self, most: int, start: int) -> np.ndarray:
        return np.concatenate([self._rows(step).numpy() for step in range(start, start + most)])

    def _rows(self, step: int) -> Tensor:
        epoch, within = divmod(step, self.steps_per_epoch)
        if epoch not in self._orders:
            generator = _generator(self.config.seed, _EPOCH, epoch, self.device)
            order = torch.randperm(self.count, generator=generator, device=self.device)
            # Lots that are brought ahead may reach into another epoch than the step does.
            kept = [(k, v) for k, v in self._orders.items() if abs(k - epoch) == 1]
            self._orders = dict(kept) | {epoch: order.cpu() if self.streamed else order}
        first = within * self.batch_size + self.team.rank * self.share
        return self._orders[epoch][first : first + self.share]

    def _draw(self, block: int) -> list[Tensor | None]:
        n, reach, device = self.steps_per_block * self.batch_size, self.config.shift, self.device
        generator = _generator(self.config.seed, _BLOCK, block, device)
        noise = self.model.draw_noise(n, generator)
        mirrored = torch.rand(n, generator=generator, device=device) < 0.5 if self.config.flip else None
        moved = torch.randint(0, 2 * reach + 1, (n, 2), generator=generator, device=device) if reach else None
        whole = [noise.latent, noise.pixels, mirrored, moved]
        return whole if self.team.size == 1 else [None if part is None else self._own(part) for part in whole]

    def _own(self, part: Tensor) -> Tensor:
        # All draw for the whole batch: a team's steps are then those of one process.
        return part.unflatten(0, (self.steps_per_block, self.team.size, self.share))[:, self.team.rank].flatten(0, 1)

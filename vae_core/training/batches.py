"""The batch of each step and its noise: functions of the seed and the step alone, so that nothing of them needs saving."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.batch import Batch, Noise
from vae_core.config import ObservationSpec, TrainConfig
from vae_core.models.base import LatentVariableModel
from vae_core.training.distributed import ProcessGroup
from vae_core.training.errors import TrainingError
from vae_core.training.prefetch import Prefetcher, streams

Fields = Mapping[str, Tensor]
"""Observations at rest, field by field, each (N, *shape)."""

_EPOCH, _BLOCK, _VALIDATION = range(3)
MOST_STEPS, MOST_NUMBERS = 64, 2**20
"""Number of steps whose random numbers are drawn together, and the number of random numbers that such a block has at most."""


def _generator(seed: int, kind: int, index: int, device: torch.device) -> torch.Generator:
    # Torch's CPU generator reads the low 32 bits of a seed alone, so all three numbers have to be mixed into them.
    mixed = np.random.SeedSequence([seed, kind, index]).generate_state(1, np.uint32)
    return torch.Generator(device).manual_seed(int(mixed[0]))


def validation_generator(config: TrainConfig, device: torch.device) -> torch.Generator:
    """The generator of a validation: the same at every validation, so that two of them differ by the model alone."""
    return _generator(config.seed, _VALIDATION, 0, device)


@dataclass(frozen=True, eq=False)
class StepInputs:
    """All that is random in one step, or in a block of consecutive steps."""

    index: Tensor
    """Rows of the data that form the batch, int64 (B,)."""
    noise: Noise = field(default_factory=dict)
    """The model's noise by name, each (B, *shape)."""
    mirrored: Tensor | None = None
    """Images that are mirrored, bool (B,); None where none is."""
    moved: Tensor | None = None
    """Pixels by which images are moved down and to the right, int64 (B, 2), from 0 to twice the reach; None where none is."""

    def tensors(self) -> list[Tensor]:
        """All tensors, in an order that `like` reads."""
        others = [value for value in (self.mirrored, self.moved) if value is not None]
        return [self.index, *self.noise.values(), *others]

    def like(self, tensors: Iterable[Tensor]) -> StepInputs:
        """An object of the same structure with other tensors, in the order of `tensors`."""
        left = iter(tensors)
        index = next(left)
        noise = {name: next(left) for name in self.noise}
        mirrored, moved = (None if value is None else next(left) for value in (self.mirrored, self.moved))
        return StepInputs(index, noise, mirrored, moved)


def batch_of(fields: Fields, spec: ObservationSpec, inputs: StepInputs, reach: int) -> Batch:
    """The observations of a step as the model computes with them, their images mirrored and moved by up to `reach` pixels."""
    batch = Batch({name: value[inputs.index] for name, value in fields.items()}).in_compute(spec)
    return batch.replace(**{field.name: _augmented(batch[field.name], inputs, reach) for field in spec.images})


def _augmented(x: Tensor, inputs: StepInputs, reach: int) -> Tensor:
    if inputs.mirrored is not None:
        x = torch.where(inputs.mirrored[:, None, None, None], x.flip(3), x)
    if inputs.moved is not None:
        height, width = x.shape[2:]
        padded = F.pad(x, (reach,) * 4, mode="replicate")
        rows = inputs.moved[:, :1] + torch.arange(height, device=x.device)
        columns = inputs.moved[:, 1:] + torch.arange(width, device=x.device)
        each = torch.arange(len(x), device=x.device)[:, None, None]
        x = padded[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    return x.contiguous(memory_format=torch.channels_last)


class Batches:
    """The data, shuffled anew each epoch, in batches of one size, of which each process has its share.

    The observations that do not fill the last batch of an epoch are left to the order of another epoch. Raises TrainingError
    where a batch does not divide among the processes.
    """

    def __init__(self, fields: Fields, config: TrainConfig, model: LatentVariableModel, group: ProcessGroup):
        self.config, self.model, self.group = config, model, group
        self.count, self.device = len(next(iter(fields.values()))), model.device
        self.batch_size = min(config.batch_size, self.count)
        if self.batch_size % group.size or self.batch_size < 2 * group.size:
            raise TrainingError(
                f"A batch of {self.batch_size} images does not divide among {group.size} processes; "
                f"take a batch size that is a multiple of {group.size}, with at least 2 images for each."
            )
        self.share = self.batch_size // group.size
        """Observations of a batch that this process computes."""
        self.steps_per_epoch = self.count // self.batch_size
        self.streamed = streams(fields, model.device, config.source)
        self._prefetcher = Prefetcher(fields, model.device) if self.streamed else None
        self._fields = {} if self.streamed else {name: value.to(model.device) for name, value in fields.items()}
        numbers = self.batch_size * sum(math.prod(spec.shape) for spec in model.noise)
        self.steps_per_block = max(1, min(MOST_STEPS, MOST_NUMBERS // max(1, numbers)))
        self._orders: dict[int, Tensor] = {}
        self._block, self._block_number = StepInputs(torch.empty(0)), -1

    def get(self, steps: range, most: int) -> tuple[Fields, list[StepInputs]]:
        """Data on the device and the inputs of each step, whose index points into that data; no more than `most` steps.

        Streamed data are those of `most` steps, however many steps there are: what is compiled for them sees one shape.
        """
        inputs = [self.at(step) for step in steps]
        if self._prefetcher is None:
            return self._fields, inputs
        rows_of = partial(self._rows_of_steps, most)
        fields = self._prefetcher.get(steps.start, rows_of)
        self._prefetcher.expect(steps.stop, rows_of)
        positions = torch.arange(most * self.share, device=self.device).split(self.share)
        return fields, [replace(one, index=position) for one, position in zip(inputs, positions, strict=False)]

    def example(self, step: int, most: int) -> tuple[Fields, StepInputs]:
        """Data and inputs of the shapes that `get` gives, with an index that the data have."""
        inputs = self.at(step)
        if self._prefetcher is None:
            return self._fields, inputs
        fields = self._prefetcher.empty(most * self.share)
        return fields, replace(inputs, index=torch.arange(self.share, device=self.device))

    def close(self) -> None:
        """Ends the thread that brings streamed data."""
        if self._prefetcher is not None:
            self._prefetcher.close()

    def at(self, step: int) -> StepInputs:
        """The inputs of a step, with an index into all data."""
        index = self._rows(step)
        block, within = divmod(step, self.steps_per_block)
        if block != self._block_number:
            self._block, self._block_number = self._draw(block), block
        rows = slice(within * self.share, (within + 1) * self.share)
        _, *random = self._block.tensors()
        return self._block.like([index, *(value[rows] for value in random)])

    def _rows_of_steps(self, most: int, start: int) -> np.ndarray:
        return np.concatenate([self._rows(step).numpy() for step in range(start, start + most)])

    def _rows(self, step: int) -> Tensor:
        epoch, within = divmod(step, self.steps_per_epoch)
        if epoch not in self._orders:
            generator = _generator(self.config.seed, _EPOCH, epoch, self.device)
            order = torch.randperm(self.count, generator=generator, device=self.device)
            # Rows that are brought ahead may belong to another epoch than the step does.
            kept = [(k, v) for k, v in self._orders.items() if abs(k - epoch) == 1]
            self._orders = dict(kept) | {epoch: order.cpu() if self.streamed else order}
        first = within * self.batch_size + self.group.rank * self.share
        return self._orders[epoch][first : first + self.share]

    def _draw(self, block: int) -> StepInputs:
        n, reach, device = self.steps_per_block * self.batch_size, self.config.shift, self.device
        generator = _generator(self.config.seed, _BLOCK, block, device)
        noise = self.model.draw_noise(n, generator)
        mirrored = torch.rand(n, generator=generator, device=device) < 0.5 if self.config.flip else None
        moved = torch.randint(0, 2 * reach + 1, (n, 2), generator=generator, device=device) if reach else None
        whole = StepInputs(torch.empty(n), noise, mirrored, moved)
        return whole if self.group.size == 1 else whole.like(map(self._own, whole.tensors()))

    def _own(self, values: Tensor) -> Tensor:
        # Every process draws for the whole batch, so that several processes take the steps that one would take.
        return values.unflatten(0, (self.steps_per_block, self.group.size, self.share))[:, self.group.rank].flatten(0, 1)

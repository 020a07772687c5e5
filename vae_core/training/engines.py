"""Engines, which carry out steps: one after the other, each as one compiled graph, or many in one CUDA graph."""

from __future__ import annotations

import abc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import cast, final

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from vae_core.batch import Batch, Noise
from vae_core.config import TrainConfig
from vae_core.config.training import EngineName
from vae_core.models.base import LatentVariableModel
from vae_core.training.batches import Fields, StepInputs, batch_of
from vae_core.training.distributed import ProcessGroup
from vae_core.training.fused_step import FusedStep
from vae_core.training.losses import Losses
from vae_core.training.phase_updates import PhaseUpdate

VALIDATION_BATCH = 500
STEPS_OF_A_GRAPH, REPLAYS_AHEAD = 16, 2
"""Steps that a CUDA graph replays at once, and replays that the host may queue before the device has finished the first."""

Hyper = tuple[float, ...]
"""Learning rate and the weight of each weighted term in one step."""


def autocast_dtype(config: TrainConfig, device: torch.device) -> torch.dtype:
    """bfloat16 where it is asked for, or where `auto` finds a device that multiplies matrices in it; else float32."""
    if config.precision != "auto":
        return getattr(torch, config.precision)
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        # Without AMX, bfloat16 on a CPU is no faster than float32.
        fast = device.type == "cpu" and torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if fast else torch.float32


@dataclass
class SkippedSteps:
    """Steps that were left out because their gradient was not finite."""

    total: int
    """Steps left out so far."""
    in_a_row: int
    """Consecutive steps left out until now."""


def _copy(sources: Sequence[Tensor], targets: Sequence[Tensor]) -> None:
    """Copies each source into its target; a model without batch norm has no buffers."""
    if sources:
        torch._foreach_copy_(list(targets), list(sources))  # pyright: ignore[reportPrivateImportUsage]


class Engine(abc.ABC):
    """Carries out the steps of one run. It owns the optimisers and the running average of the weights."""

    name: EngineName
    compiles: bool
    """True if `prepare` compiles, which may fail where there is no compiler."""
    at_once: int
    """Largest number of steps that are carried out together."""
    read_every: int
    """Number of steps after which `skipped` is worth waiting for the device."""
    sums: Tensor
    """The means that the phases report and the number of updates of each phase, (1 + number of terms + number of phases,), each
    summed since it was last set to 0."""

    def __init__(self, model: LatentVariableModel, config: TrainConfig, group: ProcessGroup):
        self.model, self.config, self.group = model, config, group
        self.dtype = autocast_dtype(config, model.device)
        # The types of torch lack `to` with a layout alone.
        model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.updates = [PhaseUpdate(model, index, config) for index in range(len(model.objective.phases))]
        self.average = None
        if config.ema:
            # The statistics of batch norm belong to the averaged weights as much as the weights do.
            self.average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True)

    @abc.abstractmethod
    def prepare(self, data: Fields, inputs: StepInputs) -> None:
        """Compiles for steps of these shapes and takes none. Raises whatever a compiler raises."""

    @abc.abstractmethod
    def begin(self, skipped: SkippedSteps) -> None:
        """Continues from the state of the optimisers and of `average`, and from these numbers of skipped steps."""

    @abc.abstractmethod
    def run(self, steps: range, data: Fields, inputs: Sequence[StepInputs], hypers: Sequence[Hyper]) -> None:
        """Takes the steps of these numbers, at most `at_once`. Their losses and terms are added to `sums`."""

    @abc.abstractmethod
    def skipped(self) -> SkippedSteps:
        """The numbers of skipped steps; waits for the device."""

    @abc.abstractmethod
    def end(self) -> None:
        """Brings the optimisers and `average` up to date, to be saved or used."""

    @property
    def optimizers(self) -> list[torch.optim.Optimizer]:
        """The optimiser of each phase."""
        return [update.optimizer for update in self.updates]

    @property
    def evaluated(self) -> LatentVariableModel:
        """The model that the run is for: the running average where there is one."""
        return self.model if self.average is None else cast(LatentVariableModel, self.average.module)

    def validation_seconds(self, data: Fields) -> float:
        """Seconds that `validate` will take, estimated from a part of the data."""
        part = {name: value[:VALIDATION_BATCH] for name, value in data.items()}
        begin = time.perf_counter()
        self.validate(part, torch.Generator(self.model.device))
        share = len(next(iter(part.values()))) / len(next(iter(data.values())))
        return self.group.longest((time.perf_counter() - begin) / share)

    def validate(self, data: Fields, generator: torch.Generator) -> Tensor:
        """The means of the loss, with the final weights of the terms, and of the terms of all phases over data at rest.

        The data may be on any device; the means are (1 + number of terms,), float64, on the CPU.
        """
        model = self.evaluated
        objective = model.objective
        weights = objective.weights(1.0)
        total = torch.zeros(1 + len(objective.terms), dtype=torch.float64)
        batch = Batch(data)
        with model.inference():
            for k, piece in enumerate(batch.split(VALIDATION_BATCH)):
                noise = model.draw_noise(len(piece), generator)
                if k % self.group.size != self.group.rank:
                    continue
                terms = model.terms(piece.to(model.device).in_compute(model.observation), noise)
                means = torch.cat([objective(terms, weights)[None], terms.means(objective.terms)])
                total += len(piece) * means.cpu().double()
        return self.group.summed(total.to(self.sums)).cpu().double() / len(batch)


@final
class Eager(Engine):
    """Step by step, with AdamW's fused kernel; whether a step is skipped is known at once. It alone takes several phases."""

    name: EngineName = "eager"
    compiles = False
    at_once = 1
    read_every = 1

    def __init__(self, model: LatentVariableModel, config: TrainConfig, group: ProcessGroup):
        super().__init__(model, config, group)
        self.losses = group.wrapped(Losses(model, self.dtype), several_passes=len(self.updates) > 1)
        dtype = torch.float32 if model.device.type == "mps" else torch.float64
        size = 1 + len(model.objective.terms) + len(self.updates)
        self.sums = torch.zeros(size, dtype=dtype, device=model.device)
        self._skipped = SkippedSteps(0, 0)
        self._buffers = list(model.buffers())
        self._saved_buffers = [buffer.clone() for buffer in self._buffers]
        saved = dict(zip(map(id, self._buffers), self._saved_buffers, strict=True))
        self._kept = [[(buffer, saved[id(buffer)]) for buffer in update.other_buffers] for update in self.updates]
        ends = list(accumulate(len(model.objective.reported(update.index)) for update in self.updates))
        self._entries = [slice(*pair) for pair in pairwise([0, *ends])]

    def prepare(self, data: Fields, inputs: StepInputs) -> None:
        """Does nothing, because nothing is compiled."""

    def begin(self, skipped: SkippedSteps) -> None:
        """Continues from the state of the optimisers and from these numbers of skipped steps."""
        self._skipped = skipped

    def run(self, steps: range, data: Fields, inputs: Sequence[StepInputs], hypers: Sequence[Hyper]) -> None:
        """Takes each step phase by phase; a phase whose gradient is not finite changes nothing."""
        for step, one, (lr, *weights) in zip(steps, inputs, hypers, strict=True):
            batch = batch_of(data, self.model.observation, one, self.config.shift)
            weights_now = torch.tensor(weights, device=self.model.device)
            due = [update for update in self.updates if update.phase.is_due(step)]
            taken = [self._update(update, batch, one.noise, lr, weights_now) for update in due]
            if any(taken) and self.average is not None:
                self.average.update_parameters(self.model)
            if not all(taken):
                self._skipped = SkippedSteps(self._skipped.total + 1, self._skipped.in_a_row + 1)
            elif len(due) == len(self.updates):
                # Where a phase was not due, it may still be the one whose gradient is not finite.
                self._skipped = SkippedSteps(self._skipped.total, 0)

    def _update(self, update: PhaseUpdate, batch: Batch, noise: Noise, lr: float, weights: Tensor) -> bool:
        """Takes the part of a step that is one phase, and says whether its gradient was finite; else nothing has changed."""
        # Batch norm has taken in a batch before anyone can know that its gradient is not finite.
        _copy(self._buffers, self._saved_buffers)
        with update.gradients():
            loss, means = self.losses(batch, noise, weights, update.index)
            finite = update.backward(loss, self.config.clip)
        if not finite:
            _copy(self._saved_buffers, self._buffers)
            return False
        for buffer, saved in self._kept[update.index]:
            buffer.copy_(saved)
        update.step(lr)
        self.sums[self._entries[update.index]] += means
        self.sums[update.index - len(self.updates)] += 1
        return True

    def skipped(self) -> SkippedSteps:
        """The numbers of skipped steps, which the host knows."""
        return self._skipped

    def end(self) -> None:
        """Does nothing, because optimisers and `average` are up to date after every step."""


class _Fused(Engine):
    """Engines whose step is one graph, with its state on the device, for a model of one phase."""

    def __init__(self, model: LatentVariableModel, config: TrainConfig, group: ProcessGroup):
        super().__init__(model, config, group)
        (update,) = self.updates
        self.step = FusedStep(model, config, update, self.average, self.dtype, self.compiles)
        self.sums = self.step.state.sums[0]

    def prepare(self, data: Fields, inputs: StepInputs) -> None:
        self.step.prepare(data, inputs, torch.zeros(1 + len(self.model.objective.weighted), device=self.model.device))

    def begin(self, skipped: SkippedSteps) -> None:
        self.step.begin(skipped.total, skipped.in_a_row)

    def skipped(self) -> SkippedSteps:
        return SkippedSteps(*self.step.skipped())

    def end(self) -> None:
        self.step.end()

    def one_by_one(self, data: Fields, inputs: Sequence[StepInputs], hypers: Sequence[Hyper]) -> None:
        """Takes each step by itself."""
        for one, hyper in zip(inputs, hypers, strict=True):
            self.step.run(data, one, torch.tensor(hyper, device=self.model.device))


@final
class Compiled(_Fused):
    """Each step is one compiled graph."""

    name: EngineName = "compile"
    compiles = True
    at_once = 1
    # Fewer than the consecutive steps without a finite gradient after which a run gives up.
    read_every = 16

    def run(self, steps: range, data: Fields, inputs: Sequence[StepInputs], hypers: Sequence[Hyper]) -> None:
        """Queues the steps one after the other."""
        self.one_by_one(data, inputs, hypers)


class _CudaGraph(_Fused):
    """Many steps as one CUDA graph, which the device replays by itself. For CUDA alone."""

    at_once = STEPS_OF_A_GRAPH
    # Reading waits for the device; while the device works, the host queues the next replays.
    read_every = 16 * STEPS_OF_A_GRAPH

    def __init__(self, model: LatentVariableModel, config: TrainConfig, group: ProcessGroup):
        super().__init__(model, config, group)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._data: Fields = {}
        self._inputs = StepInputs(torch.empty(0))
        self._hypers = torch.zeros(self.at_once, 1 + len(model.objective.weighted), device=model.device)
        self._replayed = [torch.cuda.Event(blocking=True) for _ in range(REPLAYS_AHEAD)]

    def run(self, steps: range, data: Fields, inputs: Sequence[StepInputs], hypers: Sequence[Hyper]) -> None:
        if len(inputs) < self.at_once:
            return self.one_by_one(data, inputs, hypers)
        if self._graph is None:
            # Kernels are compiled and memory is allocated before anything is recorded.
            self.one_by_one(data, inputs[:1], hypers[:1])
            self._record(data, inputs)
            return self.one_by_one(data, inputs[1:], hypers[1:])
        for to, parts in zip(self._inputs.tensors(), zip(*(one.tensors() for one in inputs), strict=True), strict=True):
            torch.stack(parts, out=to)
        for name, value in data.items():
            if value.data_ptr() != self._data[name].data_ptr():
                self._data[name].copy_(value)
        self._hypers.copy_(torch.tensor(hypers, pin_memory=True), non_blocking=True)
        # Clock and budget are read between replays: the host must not run far ahead of the device.
        earliest = self._replayed.pop(0)
        earliest.synchronize()
        self._graph.replay()
        earliest.record()
        self._replayed.append(earliest)
        return None

    def _record(self, data: Fields, inputs: Sequence[StepInputs]) -> None:
        self._data = data
        parts = zip(*(one.tensors() for one in inputs), strict=True)
        self._inputs = inputs[0].like(torch.stack(part) for part in parts)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            for k, hyper in enumerate(self._hypers):
                self.step.run(data, self._inputs.like(value[k] for value in self._inputs.tensors()), hyper)


@final
class Graphed(_CudaGraph):
    """Many steps, as they are written, as one CUDA graph."""

    name: EngineName = "graph"
    compiles = False


@final
class CompiledGraphed(_CudaGraph):
    """Many compiled steps as one CUDA graph."""

    name: EngineName = "compiled-graph"
    compiles = True

"""How steps are carried out: one after the other as they are written, as one compiled graph each, or many in one CUDA graph."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from vae_core.autoencoder import Autoencoder
from vae_core.batch import Batch, scale
from vae_core.config import Engine as EngineName
from vae_core.config import TrainConfig
from vae_core.training.feed import Draws, given
from vae_core.training.team import Team
from vae_core.training.whole import Losses, WholeStep

VALIDATION_BATCH = 500
STEPS_OF_A_GRAPH, REPLAYS_AHEAD = 16, 2
"""Steps that a CUDA graph replays at once, and replays that the device may be given before it has done with the first."""


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
class Reading:
    """What the steps came to, as numbers."""

    skipped: int
    """Steps left out so far."""
    unfit: int
    """Steps left out in a row, up to now."""


class Eager:
    """Step by step, with AdamW's fused kernel; whether a step is left out is known at once."""

    name: EngineName = "eager"
    compiles = False
    at_once = 1
    """Steps that are taken together at most."""
    read_every = 1
    """Steps after which `read` is worth its wait."""

    def __init__(self, model: Autoencoder, config: TrainConfig, team: Team):
        self.model, self.config, self.team = model, config, team
        self.dtype = autocast_dtype(config, model.device)
        model.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(_parameter_groups(model, config.weight_decay), lr=config.lr, fused=True)
        self.average = None
        if config.ema:
            # The statistics of batch norm belong to the averaged weights as much as the weights do.
            self.average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True)
        self.losses = self.team.joined(Losses(model, self.dtype))
        self.sums = torch.zeros(4, dtype=torch.float32 if model.device.type == "mps" else torch.float64, device=model.device)
        self.reading = Reading(0, 0)
        self._buffers = list(model.buffers())
        self._kept = [buffer.clone() for buffer in self._buffers]

    @property
    def evaluated(self) -> Autoencoder:
        """The model that the run is for: the running average where there is one."""
        return self.model if self.average is None else self.average.module

    def prepare(self, images: Tensor, draws: Draws) -> None:
        """Compiles what there is to compile, for steps like this one, and takes none. Raises whatever a compiler does."""

    def begin(self, skipped: int, unfit: int) -> None:
        """Goes on from what `optimizer` and `average` hold, and from so many steps left out."""
        self.reading = Reading(skipped, unfit)

    def take(self, images: Tensor, draws: Sequence[Draws], hypers: Sequence[tuple[float, float]]) -> None:
        """Steps with their chance and their (learning rate, beta), at most `at_once`. Their means are added to `sums`."""
        for one, (lr, beta) in zip(draws, hypers, strict=True):
            self._step(images, one, lr, beta)

    def _step(self, images: Tensor, draws: Draws, lr: float, beta: float) -> None:
        # Batch norm has taken in a batch before anyone can know that its gradient is not finite.
        torch._foreach_copy_(self._kept, self._buffers)
        x, noise = given(images, draws, self.config.shift)
        loss, means = self.losses(x, noise, torch.tensor(beta, device=x.device))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        if not torch.isfinite(norm):
            torch._foreach_copy_(self._buffers, self._kept)
            self.reading = Reading(self.reading.skipped + 1, self.reading.unfit + 1)
            return
        self.reading.unfit = 0
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.step()
        if self.average is not None:
            self.average.update_parameters(self.model)
        self.sums[:3] += means
        self.sums[3] += 1

    def read(self) -> Reading:
        """Waits for the device."""
        return self.reading

    def end(self) -> None:
        """Brings `optimizer` and `average` up to date, to be saved or used."""

    def time_of_validation(self, images: Tensor) -> float:
        """Seconds that `validate` is going to take, by those of a part of the images."""
        part = images[:VALIDATION_BATCH]
        begin = time.perf_counter()
        self.validate(part, torch.Generator(self.model.device))
        return self.team.longest((time.perf_counter() - begin) * len(images) / len(part))

    def validate(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """The means over uint8 images, wherever they lie, with the objective's final beta: (3,), float64, on the CPU."""
        model = self.evaluated
        beta = model.objective.beta(1.0)
        total = torch.zeros(3, dtype=torch.float64)
        with model.inference():
            for k, piece in enumerate(images.split(VALIDATION_BATCH)):
                noise = model.draw_noise(len(piece), generator)
                if k % self.team.size != self.team.rank:
                    continue
                terms = model.terms(Batch(scale(piece.to(model.device))), noise)
                rate = torch.nan if terms.rate is None else terms.rate.mean()
                means = [model.objective(terms, beta), terms.distortion.mean(), rate]
                total += len(piece) * torch.tensor(means, dtype=torch.float64)
        return self.team.summed(total.to(self.sums)).cpu().double() / len(images)


class Compiled(Eager):
    """Each step is one compiled graph."""

    name: EngineName = "compile"
    compiles = True
    # Fewer than the steps without a finite gradient after which a run gives up.
    read_every = 16

    def __init__(self, model: Autoencoder, config: TrainConfig, team: Team):
        super().__init__(model, config, team)
        self.whole = WholeStep(model, config, self.optimizer, self.average, self.dtype, self.compiles)
        self.sums = self.whole.carried.sums[0]

    def prepare(self, images: Tensor, draws: Draws) -> None:
        self.whole.prepare(images, draws, torch.zeros(2, device=images.device))

    def begin(self, skipped: int, unfit: int) -> None:
        self.whole.begin(skipped, unfit)

    def take(self, images: Tensor, draws: Sequence[Draws], hypers: Sequence[tuple[float, float]]) -> None:
        for one, hyper in zip(draws, hypers, strict=True):
            self.whole.take(images, one, torch.tensor(hyper, device=images.device))

    def read(self) -> Reading:
        _, skipped, unfit, _ = torch.stack(self.whole.carried.counts).tolist()
        return Reading(int(skipped), int(unfit))

    def end(self) -> None:
        self.whole.end()


class Graphed(Compiled):
    """Many steps at once, as they are written, as one CUDA graph, which the device replays by itself. For CUDA alone."""

    name: EngineName = "graph"
    compiles = False
    at_once = STEPS_OF_A_GRAPH
    # To read is to wait, and while the device works the host brings the next replays on their way.
    read_every = 16 * STEPS_OF_A_GRAPH

    def __init__(self, model: Autoencoder, config: TrainConfig, team: Team):
        super().__init__(model, config, team)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._images: Tensor | None = None
        self._inputs = Draws(torch.empty(0))
        self._hypers = torch.zeros(self.at_once, 2, device=model.device)
        self._replayed = [torch.cuda.Event(blocking=True) for _ in range(REPLAYS_AHEAD)]

    def take(self, images: Tensor, draws: Sequence[Draws], hypers: Sequence[tuple[float, float]]) -> None:
        if len(draws) < self.at_once:
            return super().take(images, draws, hypers)
        if self._graph is None:
            # The kernels are compiled, and memory is found, before anything is recorded.
            super().take(images, draws[:1], hypers[:1])
            self._record(images, draws)
            return super().take(images, draws[1:], hypers[1:])
        for to, parts in zip(self._inputs.parts(), zip(*(one.parts() for one in draws), strict=True), strict=True):
            if to is not None:
                torch.stack(parts, out=to)
        if images.data_ptr() != self._images.data_ptr():
            self._images.copy_(images)
        self._hypers.copy_(torch.tensor(hypers, pin_memory=True), non_blocking=True)
        # Clock and budget are read between replays: the host must not be far ahead of what the device has done.
        earliest = self._replayed.pop(0)
        earliest.synchronize()
        self._graph.replay()
        earliest.record()
        self._replayed.append(earliest)
        return None

    def _record(self, images: Tensor, draws: Sequence[Draws]) -> None:
        self._images = images
        parts = zip(*(one.parts() for one in draws), strict=True)
        self._inputs = Draws(*(None if part[0] is None else torch.stack(part) for part in parts))
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            for k, hyper in enumerate(self._hypers):
                one = Draws(*(None if part is None else part[k] for part in self._inputs.parts()))
                self.whole.take(images, one, hyper)


class CompiledGraphed(Graphed):
    """Many compiled steps at once as one CUDA graph."""

    name: EngineName = "compiled-graph"
    compiles = True


def _parameter_groups(model: Autoencoder, weight_decay: float) -> list[dict]:
    """Weight decay is for matrices and kernels: biases, norms and sigma have no reason to be near 0."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]

"""A whole training step as one graph, which may be compiled: gather, forward, backward, clipping, AdamW, average, running sums.

Nothing in it is read back: a step whose gradient is not finite is left out by a flag on the device, and counted there. What
changes lives in tensors that the graph updates in place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn
from torch.fx import GraphModule
from torch.optim.swa_utils import AveragedModel

from vae_core.autoencoder import Autoencoder
from vae_core.batch import Batch, Noise
from vae_core.config import TrainConfig
from vae_core.training.feed import Draws, given
from vae_core.training.products import AsProducts, may_pay

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


@dataclass
class Carried:
    """What goes from step to step, updated in place."""

    weights: list[Tensor]
    first: list[Tensor]
    """Moments of the gradient, as AdamW names them (Loshchilov & Hutter 2019, algorithm 2)."""
    second: list[Tensor]
    buffers: list[Tensor]
    """Statistics of batch norm."""
    fixed: list[Tensor]
    """Weights that do not train."""
    average: list[Tensor]
    """Of the weights, then of the buffers; empty without one."""
    counts: list[Tensor]
    """Steps taken, steps left out, steps left out in a row up to now, and steps averaged: float64 scalars."""
    sums: list[Tensor]
    """One tensor (4,), float64: loss, distortion, rate and the number of steps, since it was last emptied."""

    def flat(self) -> list[Tensor]:
        return [tensor for field in fields(self) for tensor in getattr(self, field.name)]

    def like(self, flat: Iterable[Tensor]) -> Carried:
        left = iter(flat)
        return Carried(*([next(left) for _ in getattr(self, field.name)] for field in fields(self)))


class Losses(nn.Module):
    """The objective and the means of a batch as a module's forward, which `functional_call` goes through."""

    def __init__(self, model: Autoencoder, dtype: torch.dtype):
        super().__init__()
        self.model, self.dtype = model, dtype
        on_cpu = model.device.type == "cpu"
        self.convolutions = AsProducts() if on_cpu and dtype == torch.float32 and may_pay(model) else nullcontext()

    def forward(self, x: Tensor, noise: Noise, beta: Tensor) -> tuple[Tensor, Tensor]:
        """The loss to descend, a scalar, and the means, (3,) as in `means`."""
        with torch.autocast(x.device.type, self.dtype, enabled=self.dtype != torch.float32), self.convolutions:
            terms = self.model.terms(Batch(x), noise)
        loss = self.model.objective(terms, beta)
        rate = torch.full_like(loss, torch.nan) if terms.rate is None else terms.rate.mean()
        return loss, torch.stack([loss, terms.distortion.mean(), rate]).detach()


def _held(*scalars: Tensor) -> tuple[Tensor, ...]:
    # The compiler writes the arithmetic of scalars into the loops over the weights, where each vector of weights would pay for
    # a root and an exponential of its own. It has no code for a running sum on a CPU: what has gone through one is in memory.
    stacked = torch.stack(scalars)
    return torch.cumsum(torch.stack([stacked, torch.zeros_like(stacked)]), 0)[0].unbind()


def _compiled(graph: GraphModule, example: list[Tensor]) -> Callable:
    from torch._inductor import standalone_compile

    # Small kernels side by side as one.
    options = {"combo_kernels": True, "benchmark_combo_kernel": False} if example[0].is_cuda else {}
    # What any process has compiled is found again, which torch._inductor.compile does not do: 3 s instead of half a minute.
    return standalone_compile(graph, example, dynamic_shapes="from_example_inputs", options=options)


def _inputs(images: Tensor, draws: Draws, hyper: Tensor) -> list[Tensor]:
    return [images, *(part for part in draws.parts() if part is not None), hyper]


class WholeStep:
    """The graph for one model and one shape of batch. `optimizer` (AdamW) holds the same moments, and is never stepped."""

    def __init__(self, model: Autoencoder, config: TrainConfig, optimizer: torch.optim.Optimizer, average: AveragedModel | None,
                 dtype: torch.dtype, compiles: bool):  # fmt: skip
        self.config, self.optimizer, self.averaged, self.compiles = config, optimizer, average, compiles
        self.losses = Losses(model, dtype)
        weights = {k: p for k, p in self.losses.named_parameters() if p.requires_grad}
        fixed = {k: p for k, p in self.losses.named_parameters() if not p.requires_grad}
        # The Gaussian of the codes is fitted after a run, and takes no part in it.
        buffers = {k: b for k, b in self.losses.named_buffers() if not k.startswith("model.codes_")}
        self.names, self.buffer_names, self.fixed_names = list(weights), list(buffers), list(fixed)
        self.decays = [config.weight_decay if p.ndim > 1 else 0.0 for p in weights.values()]
        averages = []
        if average is not None:
            known = {f"model.{k}": v for k, v in (*average.module.named_parameters(), *average.module.named_buffers())}
            averages = [known[k].detach() for k in (*self.names, *self.buffer_names)]
        device = model.device
        self.carried = Carried(
            weights=list(weights.values()),
            first=[torch.zeros_like(p) for p in weights.values()],
            second=[torch.zeros_like(p) for p in weights.values()],
            buffers=list(buffers.values()),
            fixed=list(fixed.values()),
            average=averages,
            counts=[torch.zeros((), dtype=torch.float64, device=device) for _ in range(4)],
            sums=[torch.zeros(4, dtype=torch.float64, device=device)],
        )
        self._graph: Callable | None = None

    def begin(self, skipped: int, unfit: int) -> None:
        """Takes over the moments that the optimiser and the average have, and from then on shares them with the optimiser."""
        carried = self.carried
        for p, first, second in zip(carried.weights, carried.first, carried.second, strict=True):
            if known := self.optimizer.state.get(p):
                first.copy_(known["exp_avg"])
                second.copy_(known["exp_avg_sq"])
                carried.counts[0].copy_(known["step"])
            self.optimizer.state[p] = {"step": carried.counts[0], "exp_avg": first, "exp_avg_sq": second}
        carried.counts[1].fill_(skipped)
        carried.counts[2].fill_(unfit)
        if self.averaged is not None:
            carried.counts[3].copy_(self.averaged.n_averaged)

    def end(self) -> None:
        """Tells the average what is kept here."""
        if self.averaged is not None:
            self.averaged.n_averaged.copy_(self.carried.counts[3])

    def take(self, images: Tensor, draws: Draws, hyper: Tensor) -> None:
        """One step with `hyper` = (learning rate, beta). All steps have to have inputs of the same shapes."""
        self.prepare(images, draws, hyper)
        with torch.no_grad():
            self._graph(*self.carried.flat(), *_inputs(images, draws, hyper))

    def prepare(self, images: Tensor, draws: Draws, hyper: Tensor) -> None:
        """Traces the graph for inputs of these shapes, and compiles it, where there is none."""
        if self._graph is None:
            inputs = _inputs(images, draws, hyper)
            graph = self._traced(draws, inputs)
            if self.compiles:
                # What a compiler got wrong may show no earlier than when it runs: here, where it costs the model nothing.
                with torch.no_grad():
                    graph(*(t.detach().clone() for t in self.carried.flat()), *inputs)
            self._graph = graph

    def _traced(self, draws: Draws, inputs: list[Tensor]) -> Callable:
        # Traced and compiled by hand: torch.compile would check at every step that nothing has changed, which nothing does.
        from torch.fx.experimental.proxy_tensor import make_fx

        there = [part is not None for part in draws.parts()]
        count = len(self.carried.flat())

        def step(*tensors: Tensor) -> tuple[Tensor]:
            images, *parts, hyper = tensors[count:]
            left = iter(parts)
            self.step(
                self.carried.like(tensors[:count]), images, Draws(*(next(left) if is_in else None for is_in in there)), hyper
            )
            # A graph has to have an output.
            return (hyper,)

        example = [t.detach() for t in (*self.carried.flat(), *inputs)]
        with torch.no_grad():
            graph = make_fx(step, tracing_mode="fake")(*example)
            return _compiled(graph, example) if self.compiles else graph

    def step(self, carried: Carried, images: Tensor, draws: Draws, hyper: Tensor) -> None:
        """The arithmetic of one step."""
        lr, beta = hyper[0], hyper[1]
        x, noise = given(images, draws, self.config.shift)
        leaves = [p.detach().requires_grad_() for p in carried.weights]
        buffers = [b.clone() for b in carried.buffers]
        names = (*self.names, *self.buffer_names, *self.fixed_names)
        state = dict(zip(names, (*leaves, *buffers, *carried.fixed), strict=True))
        with torch.enable_grad():
            loss, means = torch.func.functional_call(self.losses, state, (x, noise, beta))
            gradients = torch.autograd.grad(loss, leaves)
        norm = torch.stack([g.float().square().sum() for g in gradients]).sum().sqrt()
        finite = torch.isfinite(norm)
        taken, skipped, unfit, averaged = carried.counts
        done = taken + finite
        # expm1, since 1 - 0.999**t would lose most of its digits at the first steps.
        rate = lr / -torch.expm1(done.float() * math.log(BETA1))
        root = torch.rsqrt(-torch.expm1(done.float() * math.log(BETA2)))
        shrink = torch.clamp(self.config.clip / (norm + 1e-6), max=1.0)
        # The first average is the weights themselves.
        share = torch.where(averaged > 0, 1 - self.config.ema, 1.0).float()
        ok = finite.float()
        if norm.device.type == "cpu":
            rate, root, shrink, share, ok = _held(rate, root, shrink, share, ok)
        ok = ok > 0
        updated = []
        for decay, p, first, second, g in zip(
            self.decays, carried.weights, carried.first, carried.second, gradients, strict=True
        ):
            g = g * shrink
            m = torch.lerp(first, g, 1 - BETA1)
            v = BETA2 * second + (1 - BETA2) * g * g
            w = p * (1 - lr * decay) - rate * m / (v.sqrt() * root + EPS)
            updated.append(torch.where(ok, w, p))
            first.copy_(torch.where(ok, m, first))
            second.copy_(torch.where(ok, v, second))
        seen = [torch.where(ok, new, old) for new, old in zip(buffers, carried.buffers, strict=True)]
        for average, new in zip(carried.average, (*updated, *seen), strict=False):
            moved = torch.lerp(average, new, share) if average.is_floating_point() else new
            average.copy_(torch.where(ok, moved, average))
        for old, new in zip((*carried.weights, *carried.buffers), (*updated, *seen), strict=True):
            old.detach().copy_(new)
        taken.copy_(done)
        skipped.add_(~finite)
        unfit.copy_(torch.where(finite, 0.0, unfit + 1))
        averaged.add_(finite)
        carried.sums[0].add_(torch.where(finite, torch.cat([means, torch.ones_like(means[:1])]).double(), 0.0))

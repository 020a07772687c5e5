"""A training step as one graph, which may be compiled: gather, forward, backward, clipping, AdamW, average and running sums.

Nothing is read back from the device inside a step: a step whose gradient is not finite is left out by a flag on the device and
counted there. All that changes is kept in tensors, which the graph updates in place.

AdamW is written out here because torch's own is slower on a CPU: a compiled step of `torch.optim.AdamW(capturable=True)` after
the graph gives 0.81 of the speed, torch's functional AdamW traced into the graph 0.92 (784-400-20, batch 128, one thread, torch
2.13.0, median of 480 pairs of steps taken in turn).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.fx import GraphModule
from torch.optim.swa_utils import AveragedModel

from vae_core.config import TrainConfig
from vae_core.models.base import LatentVariableModel
from vae_core.training.batches import Fields, StepInputs, batch_of
from vae_core.training.losses import Losses
from vae_core.training.phase_updates import PhaseUpdate

EPS = 1e-8
"""Number added to the denominator of AdamW, which keeps it from being 0; the default of `torch.optim.AdamW`."""


@dataclass
class StepState:
    """All tensors that a step updates or reads."""

    weights: list[Tensor]
    """Parameters that train."""
    first: list[Tensor]
    """First moments of the gradient (Loshchilov & Hutter 2019, algorithm 2)."""
    second: list[Tensor]
    """Second moments of the gradient."""
    buffers: list[Tensor]
    """Statistics of batch norm."""
    fixed: list[Tensor]
    """Parameters that do not train."""
    average: list[Tensor]
    """Running averages of the weights and then of the buffers; empty where no average is kept."""
    counts: list[Tensor]
    """Steps taken, steps left out, consecutive steps left out until now, and steps averaged: float64 scalars."""
    sums: list[Tensor]
    """One tensor (2 + number of terms,), float64: loss, terms and number of steps, each summed since it was last set to 0."""

    def flat(self) -> list[Tensor]:
        """All tensors in a row."""
        return [tensor for field in fields(self) for tensor in getattr(self, field.name)]

    def like(self, flat: Iterable[Tensor]) -> StepState:
        """A state of the same structure with other tensors, in the order of `flat`."""
        left = iter(flat)
        return StepState(*([next(left) for _ in getattr(self, field.name)] for field in fields(self)))


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
    return standalone_compile(graph, [*example], dynamic_shapes="from_example_inputs", options=options)


def _inputs(data: Fields, inputs: StepInputs, hyper: Tensor) -> list[Tensor]:
    return [*data.values(), *inputs.tensors(), hyper]


class FusedStep:
    """The graph for a model of one phase and one shape of batch.

    The optimiser of `update` shares its moments and is never stepped itself.
    """

    def __init__(
        self,
        model: LatentVariableModel,
        config: TrainConfig,
        update: PhaseUpdate,
        average: AveragedModel | None,
        dtype: torch.dtype,
        compiles: bool,
    ):
        self.config, self.update, self.averaged, self.compiles = config, update, average, compiles
        self.losses = Losses(model, dtype)
        moved = {id(p) for p in update.parameters}
        weights = {k: p for k, p in self.losses.named_parameters() if id(p) in moved}
        fixed = {k: p for k, p in self.losses.named_parameters() if id(p) not in moved}
        buffers = dict(self.losses.named_buffers())
        self.names, self.buffer_names, self.fixed_names = list(weights), list(buffers), list(fixed)
        decays = {id(p): group["weight_decay"] for group in update.optimizer.param_groups for p in group["params"]}
        self.decays = [decays[id(p)] for p in weights.values()]
        averages = []
        if average is not None:
            known = {f"model.{k}": v for k, v in (*average.module.named_parameters(), *average.module.named_buffers())}
            averages = [known[k].detach() for k in (*self.names, *self.buffer_names)]
        device = model.device
        self.state = StepState(
            weights=list(weights.values()),
            first=[torch.zeros_like(p) for p in weights.values()],
            second=[torch.zeros_like(p) for p in weights.values()],
            buffers=list(buffers.values()),
            fixed=list(fixed.values()),
            average=averages,
            counts=[torch.zeros((), dtype=torch.float64, device=device) for _ in range(4)],
            sums=[torch.zeros(2 + len(model.objective.terms), dtype=torch.float64, device=device)],
        )
        self._graph: Callable | None = None

    def begin(self, skipped: int, unfit: int) -> None:
        """Takes over the moments of the optimiser and shares them with it, and the counts of steps."""
        state = self.state
        for p, first, second in zip(state.weights, state.first, state.second, strict=True):
            if known := self.update.optimizer.state.get(p):
                first.copy_(known["exp_avg"])
                second.copy_(known["exp_avg_sq"])
                state.counts[0].copy_(known["step"])
            self.update.optimizer.state[p] = {"step": state.counts[0], "exp_avg": first, "exp_avg_sq": second}
        state.counts[1].fill_(skipped)
        state.counts[2].fill_(unfit)
        if self.averaged is not None:
            state.counts[3].copy_(self.averaged.n_averaged)

    def skipped(self) -> tuple[int, int]:
        """Steps left out so far, and consecutive steps left out until now; waits for the device."""
        _, skipped, in_a_row, _ = torch.stack(self.state.counts).tolist()
        return int(skipped), int(in_a_row)

    def end(self) -> None:
        """Brings the number of steps of the average up to date."""
        if self.averaged is not None:
            self.averaged.n_averaged.copy_(self.state.counts[3])

    def run(self, data: Fields, inputs: StepInputs, hyper: Tensor) -> None:
        """Takes one step with `hyper` = (learning rate, weights of the terms). All steps need inputs of the same shapes."""
        graph = self._ready(data, inputs, hyper)
        with torch.no_grad():
            graph(*self.state.flat(), *_inputs(data, inputs, hyper))

    def prepare(self, data: Fields, inputs: StepInputs, hyper: Tensor) -> None:
        """Traces the graph for inputs of these shapes and compiles it, unless this was done before."""
        self._ready(data, inputs, hyper)

    def _ready(self, data: Fields, inputs: StepInputs, hyper: Tensor) -> Callable:
        if self._graph is None:
            tensors = _inputs(data, inputs, hyper)
            graph = self._traced(data, inputs, tensors)
            if self.compiles:
                # An error of a compiler may show only when its code runs: it runs here on copies, before it can harm the model.
                with torch.no_grad():
                    graph(*(t.detach().clone() for t in self.state.flat()), *tensors)
            self._graph = graph
        return self._graph

    def _traced(self, data: Fields, inputs: StepInputs, tensors: list[Tensor]) -> Callable:
        # Traced and compiled by hand: torch.compile would check before every step that nothing has changed, and nothing does.
        from torch.fx.experimental.proxy_tensor import make_fx

        count, names = len(self.state.flat()), list(data)

        def step(*all_tensors: Tensor) -> tuple[Tensor]:
            *rest, hyper = all_tensors[count:]
            fields, others = dict(zip(names, rest, strict=False)), rest[len(names) :]
            self.step(self.state.like(all_tensors[:count]), fields, inputs.like(others), hyper)
            # A graph has to have an output.
            return (hyper,)

        example = [t.detach() for t in (*self.state.flat(), *tensors)]
        with torch.no_grad():
            graph = make_fx(step, tracing_mode="fake")(*example)
            return _compiled(graph, example) if self.compiles else graph

    def step(self, state: StepState, data: Mapping[str, Tensor], inputs: StepInputs, hyper: Tensor) -> None:
        """The arithmetic of one step."""
        phase = self.update.phase
        beta1, beta2 = phase.betas
        lr, term_weights = hyper[0] if phase.lr == 1 else phase.lr * hyper[0], hyper[1:]
        batch = batch_of(data, self.losses.model.observation, inputs, self.config.shift)
        leaves = [p.detach().requires_grad_() for p in state.weights]
        buffers = [b.clone() for b in state.buffers]
        names = (*self.names, *self.buffer_names, *self.fixed_names)
        named = dict(zip(names, (*leaves, *buffers, *state.fixed), strict=True))
        with torch.enable_grad():
            loss, means = torch.func.functional_call(self.losses, named, (batch, inputs.noise, term_weights))
            gradients = torch.autograd.grad(loss, leaves)
        norm = torch.stack([g.float().square().sum() for g in gradients]).sum().sqrt()
        finite = torch.isfinite(norm)
        taken, skipped, unfit, averaged = state.counts
        done = taken + finite
        # expm1, since 1 - 0.999**t would lose most of its digits at the first steps.
        rate = lr / -torch.expm1(done.float() * math.log(beta1))
        root = torch.rsqrt(-torch.expm1(done.float() * math.log(beta2)))
        shrink = torch.clamp(self.config.clip / (norm + 1e-6), max=1.0)
        # The first average is the weights themselves.
        share = torch.where(averaged > 0, 1 - self.config.ema, 1.0).float()
        ok = finite.float()
        if norm.device.type == "cpu":
            rate, root, shrink, share, ok = _held(rate, root, shrink, share, ok)
        ok = ok > 0
        updated = []
        for decay, p, first, second, g in zip(self.decays, state.weights, state.first, state.second, gradients, strict=True):
            g = g * shrink
            m = torch.lerp(first, g, 1 - beta1)
            v = beta2 * second + (1 - beta2) * g * g
            w = p * (1 - lr * decay) - rate * m / (v.sqrt() * root + EPS)
            updated.append(torch.where(ok, w, p))
            first.copy_(torch.where(ok, m, first))
            second.copy_(torch.where(ok, v, second))
        seen = [torch.where(ok, new, old) for new, old in zip(buffers, state.buffers, strict=True)]
        for average, new in zip(state.average, (*updated, *seen), strict=False):
            moved = torch.lerp(average, new, share) if average.is_floating_point() else new
            average.copy_(torch.where(ok, moved, average))
        for old, new in zip((*state.weights, *state.buffers), (*updated, *seen), strict=True):
            old.detach().copy_(new)
        taken.copy_(done)
        skipped.add_(~finite)
        unfit.copy_(torch.where(finite, 0.0, unfit + 1))
        averaged.add_(finite)
        state.sums[0].add_(torch.where(finite, torch.cat([means, torch.ones_like(means[:1])]).double(), 0.0))

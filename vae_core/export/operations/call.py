"""Calls of functions while a traced module is lowered, with the graph that their operations are added to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vae_core.export.graph import ExportError, Graph, Ref
from vae_core.export.trace import BATCH, run

Operand = Ref | Tensor | float | int | bool
Lowering = Callable[..., Any]


@dataclass
class Call:
    """One call of a torch function."""

    graph: Graph
    kind: str
    target: Any
    result: Any
    """The returned tensor, on the meta device."""

    @property
    def shape(self) -> tuple[int, ...]:
        """One observation's share of the result's shape, as in `Ref`."""
        return share(self.result)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself on other arguments."""
        return run(self.kind, self.target, args, kwargs)

    def add(self, op: str, inputs: list[Ref], shape: tuple[int, ...] | None = None, **fields: Any) -> Ref:
        """Appends a node; its shape is that of the result if not given."""
        return self.graph.add(op, inputs, self.shape if shape is None else shape, **fields)

    def reshape(self, x: Ref, shape: tuple[int, ...]) -> Ref:
        """Returns a tensor with the values of `x` in another shape, which adds a node where the shape differs."""
        return x if x.shape == shape else self.graph.add("reshape", [x], shape)

    def activate(self, x: Ref, *activations: tuple[Any, ...]) -> Ref:
        """Applies functions, each given by its name and parameters, to each value of a tensor."""
        numbers = [(name, *map(float, parameters)) for name, *parameters in activations]
        finite = all(math.isfinite(number) for _, *parameters in numbers for number in parameters)
        require(finite, "has parameters that are not finite")
        return self.graph.add("copy", [x], x.shape, activations=numbers)

    def combine(self, function: str, x: Ref, y: Ref) -> Ref:
        """A function of two tensors of one shape, value by value."""
        if function == "add":
            return self.graph.add("add", [x, y], x.shape)
        return self.graph.add("binary", [x, y], x.shape, settings={"function": function})

    def slice(self, x: Ref, start: int, shape: tuple[int, ...]) -> Ref:
        """A tensor of this shape made of consecutive values from the one at `start`."""
        return self.graph.add("slice", [x], shape, settings={"start": start})

    def ref(self, value: Operand, shape: tuple[int, ...]) -> Ref:
        """An operand as a tensor of the graph, brought to `shape`."""
        if isinstance(value, Ref):
            return value if value.shape == shape else self._expanded(value, shape)
        values = np.ascontiguousarray(constant(value, shape))
        return self.graph.add("constant", [], shape, arrays={"values": values})

    def _expanded(self, x: Ref, shape: tuple[int, ...]) -> Ref:
        require(len(x.shape) == len(shape) and x.shape[0] == shape[0], "combines tensors whose batches do not line up")
        index = torch.arange(x.size).reshape(x.shape).expand(shape)
        return self.take(x, index.numpy(), shape)

    def take(self, x: Ref, index: np.ndarray, shape: tuple[int, ...]) -> Ref:
        """The values of x at flat indices, 0 where an index is negative."""
        index = index.reshape(-1)
        steps = strided(index)
        if steps is None:
            return self.graph.add("take", [x], shape, arrays={"index": index.astype(np.int32)})
        start, counts, strides = steps
        if len(counts) == 1 and strides == [1]:
            return self.reshape(x, shape) if len(index) == x.size else self.slice(x, start, shape)
        return self.graph.add("take", [x], shape, settings={"start": start, "counts": counts, "strides": strides})


def require(ok: bool, reason: str) -> None:
    """Raises ExportError with a reason that goes on from the name of a layer."""
    if not ok:
        raise ExportError(reason)


def share(value: Tensor) -> tuple[int, ...]:
    """The shape of one observation's share of a tensor of the traced batch: (1 or rows, ...)."""
    require(value.ndim > 0 and value.shape[0] % BATCH == 0, "mixes the observations of a batch")
    return (value.shape[0] // BATCH, *value.shape[1:])


def axis(dim: int, x: Ref) -> int:
    """A dimension counted from the front, which is not the batch."""
    found = dim % len(x.shape)
    require(found > 0, "mixes the observations of a batch")
    return found


def array(tensor: Operand | None, like: int = 0) -> np.ndarray:
    """A parameter as float64, or zeros where there is none. The folding of batch norm then rounds once, at the end."""
    if tensor is None:
        return np.zeros(like)
    require(not isinstance(tensor, Ref), "takes weights that depend on the input")
    return torch.as_tensor(tensor).detach().cpu().double().numpy()


def pair(value: Any, sides: int) -> list[int]:
    """A setting of each of the axes of an image, which may be given as one number for all."""
    values = [value] if isinstance(value, int) else list(value)
    return [int(v) for v in (values * sides if len(values) == 1 else values)]


def constant(value: Operand, shape: tuple[int, ...]) -> np.ndarray:
    """A number or constant tensor as a view of float64 values of one observation's `shape`."""
    values = array(value)
    if values.ndim == len(shape) and values.shape[0] == BATCH * shape[0] != shape[0]:
        # Made for the traced batch: the same for each observation, or it would not be a constant.
        rows = values.reshape(BATCH, -1)
        require(bool((rows == rows[0]).all()), "has a constant that differs between the observations of a batch")
        values = rows[0].reshape(shape[0], *values.shape[1:])
    require(values.ndim <= len(shape), "combines tensors whose batches do not line up")
    return np.broadcast_to(values, shape)


def strided(index: np.ndarray) -> tuple[int, list[int], list[int]] | None:
    """Flat indices as nested loops, or None where they are not such.

    The result is the first index, and counts and strides from the outermost loop to the innermost.
    """
    counts, strides = [], []
    if len(index) == 0 or index.min() < 0:
        return None
    while len(index) > 1:
        step = int(index[1] - index[0])
        ends = np.flatnonzero(np.diff(index) != step)
        n = int(ends[0]) + 1 if len(ends) else len(index)
        if len(index) % n:
            return None
        rows = index.reshape(-1, n)
        if not (rows - rows[:, :1] == step * np.arange(n)).all():
            return None
        counts.insert(0, n)
        strides.insert(0, step)
        index = rows[:, 0]
    return int(index[0]), counts or [1], strides or [1]

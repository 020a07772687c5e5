"""Functions of all values along an axis."""

from __future__ import annotations

import math
from typing import Any

import torch

from vae_core.export.graph import Ref
from vae_core.export.operations.call import Call, Lowering, axis, pair, require


def _span(x: Ref, dim: Any) -> dict[str, int]:
    """The axes of `dim`, neighbours of each other, as the middle one of three: how many values lie before, on and behind it."""
    axes = sorted({axis(d, x) for d in (dim if isinstance(dim, tuple | list) else [dim])})
    require(axes == list(range(axes[0], axes[-1] + 1)), "runs along axes that are not neighbours")
    first, last = axes[0], axes[-1] + 1
    return {"outer": math.prod(x.shape[:first]), "length": math.prod(x.shape[first:last]), "inner": math.prod(x.shape[last:])}


def _reduce(call: Call, function: str, x: Ref, dim: Any, shape: tuple[int, ...]) -> Ref:
    require(dim is not None, "runs along all axes; a network program keeps observations apart")
    return call.add("reduce", [x], shape, settings={"function": function, **_span(x, dim)})


def _kept(x: Ref, dim: Any) -> tuple[int, ...]:
    """The shape of x with the axes of `dim` of length 1."""
    axes = {d % len(x.shape) for d in (dim if isinstance(dim, tuple | list) else [dim])}
    return tuple(1 if i in axes else side for i, side in enumerate(x.shape))


def _reduction(function: str) -> Lowering:
    def lowering(call: Call, x: Ref, dim: Any = None, keepdim: bool = False, **_: Any) -> Ref:
        return _reduce(call, function, x, dim, call.shape)

    return lowering


def _extreme(function: str) -> Lowering:
    """`max` and `min`: of two tensors, or the values and indices along an axis."""

    def lowering(call: Call, x: Ref, dim: Any, keepdim: bool = False) -> Any:
        if isinstance(dim, Ref):
            return call.combine(f"{function}imum", call.ref(x, call.shape), call.ref(dim, call.shape))
        shape = _kept(x, dim)
        if not keepdim:
            at = axis(dim, x)
            shape = (*shape[:at], *shape[at + 1 :])
        return tuple(_reduce(call, name, x, dim, shape) for name in (function, f"arg{function}"))

    return lowering


def _along(op: str) -> Lowering:
    def lowering(call: Call, x: Ref, dim: int, *_: Any, **__: Any) -> Ref:
        return call.add(op, [x], x.shape, settings=_span(x, dim))

    return lowering


def _norm(call: Call, x: Ref, p: Any = 2, dim: Any = None, keepdim: bool = False, **_: Any) -> Ref:
    require(p in (2, None, "fro"), f"takes a norm of order {p}; a network program has 2")
    squares = call.activate(x, ("power", 2.0))
    return call.activate(_reduce(call, "sum", squares, dim, call.shape), ("sqrt",))


def _vector_norm(call: Call, x: Ref, ord: Any = 2, dim: Any = None, keepdim: bool = False, **_: Any) -> Ref:
    return _norm(call, x, ord, dim, keepdim)


def _normalize(call: Call, x: Ref, p: float = 2.0, dim: int = 1, eps: float = 1e-12, **_: Any) -> Ref:
    require(p == 2, f"takes a norm of order {p}; a network program has 2")
    squares = call.activate(x, ("power", 2.0))
    length = call.activate(_reduce(call, "sum", squares, dim, _kept(x, dim)), ("sqrt",), ("clamp", eps, 3e38))
    return call.combine("divide", x, call.ref(length, x.shape))


def _pool(function: str) -> Lowering:
    def lowering(
        call: Call,
        x: Ref,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
        **_: Any,
    ) -> Ref:
        kernel = pair(kernel_size, 2)
        steps = kernel if stride is None else pair(stride, 2)
        plain = pair(padding, 2) == [0, 0] and pair(dilation, 2) == [1, 1] and not ceil_mode and not return_indices
        require(plain and len(x.shape) == 4, "pools with padding or dilation, which a network program does not")
        index = torch.arange(x.size).reshape(x.shape)
        for i in (0, 1):
            index = index.unfold(2 + i, kernel[i], steps[i])
        windows = call.take(x, index.numpy(), tuple(index.shape))
        return _reduce(call, function, windows, (4, 5), call.shape)

    return lowering


def _average_pool(call: Call, x: Ref, kernel_size: Any, stride: Any = None, padding: Any = 0, *rest: Any, **more: Any) -> Ref:
    unusual = [name for name, value in more.items() if value and name != "count_include_pad"]
    require(not rest and not unusual, "pools in an unusual way")
    return _pool("mean")(call, x, kernel_size, stride or None, padding)


def _pool_all(call: Call, x: Ref, output_size: Any) -> Ref:
    sides = output_size if isinstance(output_size, tuple | list) else [output_size]
    require(all(side == 1 for side in sides), f"pools to {output_size}; a network program pools to 1")
    return _reduce(call, "mean", x, tuple(range(2, len(x.shape))), call.shape)


OPERATIONS: dict[str, Lowering] = {
    **{name: _reduction(name) for name in ("sum", "mean", "prod", "argmax", "argmin", "logsumexp")},
    "amax": _reduction("max"),
    "amin": _reduction("min"),
    "max": _extreme("max"),
    "min": _extreme("min"),
    "norm": _norm,
    "vector_norm": _vector_norm,
    "linalg_vector_norm": _vector_norm,
    "normalize": _normalize,
    "softmax": _along("softmax"),
    "log_softmax": _along("log_softmax"),
    "cumsum": _along("cumsum"),
    "max_pool2d": _pool("max"),
    "avg_pool2d": _average_pool,
    "adaptive_avg_pool1d": _pool_all,
    "adaptive_avg_pool2d": _pool_all,
}

"""Operations with weights: matrices, convolutions, norms, embeddings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from torch import Tensor

from vae_core.export.graph import ExportError, Ref
from vae_core.export.operations.call import Call, Lowering, array, pair, require


def _linear(call: Call, x: Ref, weight: Tensor, bias: Tensor | None = None) -> Ref:
    matrix = array(weight)
    require(len(x.shape) > 1 and matrix.ndim == 2, "multiplies by something else than a matrix")
    rows = x.size // matrix.shape[1]
    return call.add(
        "linear",
        [x],
        arrays={"weight": matrix, "bias": array(bias, len(matrix))},
        settings={"rows": rows} if rows > 1 else {},
        macs=rows * matrix.size,
    )


def _matmul(call: Call, x: Ref | Tensor, y: Ref | Tensor) -> Ref:
    if not isinstance(x, Ref):
        raise ExportError("multiplies a constant matrix by a tensor; put the tensor first")
    if not isinstance(y, Ref):
        return _linear(call, x, y.mT)
    batch = x.shape[:-2]
    require(bool(batch) and batch == y.shape[:-2], "multiplies matrices whose batches do not line up")
    (m, k), n = x.shape[-2:], y.shape[-1]
    count = math.prod(batch)
    return call.add("matmul", [x, y], settings={"count": count, "sides": [m, k, n]}, macs=count * m * k * n)


def _addmm(call: Call, bias: Tensor, x: Ref, weight: Tensor, *, beta: float = 1, alpha: float = 1) -> Ref:
    return _linear(call, x, alpha * weight.mT, (beta * bias).expand(weight.shape[1]))


def _convolution(
    call: Call, op: str, x: Ref, weight: np.ndarray, bias: Any, stride: Any, padding: Any, groups: int, dilation: Any
) -> Ref:
    sides = weight.ndim - 2
    require(sides in (1, 2) and len(x.shape) == sides + 2 and x.shape[0] == 1, "convolves something else than images or rows")
    require(groups == 1, f"convolves in {groups} groups; a network program has one")
    require(pair(dilation, sides) == [1] * sides, f"has dilation {dilation}; a network program has 1")
    require(not isinstance(padding, str), f"has padding {padding!r}; give it as a number")
    stride, padding = pair(stride, sides), pair(padding, sides)
    shape = call.shape
    if sides == 1:
        stride, padding, weight = [1, *stride], [0, *padding], weight[:, :, None]
        x, shape = call.reshape(x, (*x.shape[:2], 1, x.shape[2])), (*shape[:2], 1, shape[2])
    # Each pixel of the smaller side meets the whole kernel: what goes in of a transposed one, what comes out of a plain one.
    pixels = math.prod((shape if op == "conv" else x.shape)[2:])
    y = call.add(
        op,
        [x],
        shape,
        arrays={"weight": weight, "bias": array(bias, len(weight))},
        settings={"kernel": list(weight.shape), "stride": stride, "padding": padding},
        macs=weight.size * pixels,
    )
    return call.reshape(y, call.shape)


def _conv(
    call: Call, x: Ref, weight: Tensor, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Ref:
    return _convolution(call, "conv", x, array(weight), bias, stride, padding, groups, dilation)


def _conv_transpose(
    call: Call,
    x: Ref,
    weight: Tensor,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Ref:
    # Filters first, as in a plain convolution.
    return _convolution(call, "conv_transpose", x, array(weight).swapaxes(0, 1), bias, stride, padding, groups, dilation)


def affine(call: Call, x: Ref, scale: np.ndarray | float, shift: np.ndarray | float) -> Ref:
    """`scale * x + shift` for constants that broadcast to the shape of x."""
    values = [_by_channel(np.broadcast_to(v, x.shape)) for v in (scale, shift)] if x.shape[0] == 1 and len(x.shape) > 1 else []
    y = x
    if not values or any(v is None for v in values):
        # Each value has a scale of its own, as the channels of a flat tensor have.
        y = call.reshape(x, (1, x.size))
        values = [np.broadcast_to(v, x.shape).reshape(-1) for v in (scale, shift)]
    arrays = {name: np.array(v) for name, v in zip(("scale", "shift"), values, strict=True)}
    return call.reshape(call.add("affine", [y], y.shape, arrays=arrays), x.shape)


def _by_channel(values: np.ndarray) -> np.ndarray | None:
    """Values of shape (1, C, ...) as (C,), where those of a channel are equal; else None."""
    rows = values.reshape(values.shape[1], -1)
    return rows[:, 0] if bool((rows == rows[:, :1]).all()) else None


def _per_channel(values: np.ndarray, x: Ref) -> np.ndarray:
    return values.reshape(1, -1, *[1] * (len(x.shape) - 2))


def _batch_norm(
    call: Call,
    x: Ref,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Ref:
    require(running_mean is not None and not training, "keeps no running statistics")
    scale = 1 / np.sqrt(array(running_var) + eps)
    if weight is not None:
        scale = scale * array(weight)
    shift = array(bias, len(scale)) - scale * array(running_mean)
    return affine(call, x, _per_channel(scale, x), _per_channel(shift, x))


def _standardise(call: Call, x: Ref, rows: int, eps: float) -> Ref:
    return call.add("standardise", [x], x.shape, settings={"rows": rows, "eps": eps})


def _group_norm(call: Call, x: Ref, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Ref:
    y = _standardise(call, x, x.shape[0] * num_groups, eps)
    if weight is None and bias is None:
        return y
    scale = np.ones(x.shape[1]) if weight is None else array(weight)
    return affine(call, y, _per_channel(scale, x), _per_channel(array(bias, x.shape[1]), x))


def _layer_norm(call: Call, x: Ref, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Ref:
    over = tuple(normalized_shape)
    require(len(over) < len(x.shape), "mixes the observations of a batch")
    y = _standardise(call, x, x.size // math.prod(over), eps)
    if weight is None and bias is None:
        return y
    return affine(call, y, np.ones(over) if weight is None else array(weight), np.zeros(over) if bias is None else array(bias))


def _instance_norm(
    call: Call,
    x: Ref,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Ref:
    if not use_input_stats:
        return _batch_norm(call, x, running_mean, running_var, weight, bias, False, momentum, eps)
    return _group_norm(call, x, x.shape[1], weight, bias, eps)


def _embedding(call: Call, x: Ref, weight: Tensor, *_: Any, max_norm: float | None = None, **__: Any) -> Ref:
    require(max_norm is None, "renormalises its embedding")
    return call.add("embedding", [x], arrays={"weight": array(weight)})


def _one_hot(call: Call, x: Ref, num_classes: int = -1) -> Ref:
    require(num_classes > 0, "counts its classes in the data; give num_classes")
    return call.add("embedding", [x], arrays={"weight": np.eye(num_classes)})


OPERATIONS: dict[str, Lowering] = {
    "linear": _linear,
    "matmul": _matmul,
    "mm": _matmul,
    "bmm": _matmul,
    "addmm": _addmm,
    "conv1d": _conv,
    "conv2d": _conv,
    "conv_transpose1d": _conv_transpose,
    "conv_transpose2d": _conv_transpose,
    "batch_norm": _batch_norm,
    "group_norm": _group_norm,
    "layer_norm": _layer_norm,
    "instance_norm": _instance_norm,
    "embedding": _embedding,
    "one_hot": _one_hot,
}

"""Functions of each value, and of values that stand at the same place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from vae_core.export.graph import Ref
from vae_core.export.operations.call import Call, Lowering, Operand, constant, require
from vae_core.export.operations.weighted import affine

Activation = tuple[Any, ...]


def _unary(activation: Callable[..., Activation]) -> Lowering:
    """`activation` is given what the function is given beside the tensor."""

    def lowering(call: Call, x: Ref, *args: Any, inplace: bool = False, out: None = None, **kwargs: Any) -> Ref:
        return call.activate(x, activation(*args, **kwargs))

    return lowering


def _clamp(min: float | None = None, max: float | None = None) -> Activation:
    for limit in (min, max):
        require(limit is None or not isinstance(limit, Ref | Tensor), "clamps to a tensor; clamp to numbers")
    # JSON has no infinity.
    return ("clamp", _finite(min, -1), _finite(max, 1))


def _finite(limit: float | None, sign: int) -> float:
    most = float(np.finfo(np.float32).max)
    return sign * most if limit is None else float(np.clip(limit, -most, most))


def _cast(call: Call, x: Ref, *_: Any, **__: Any) -> Ref:
    """A change of type or memory. Numbers are float32 all through, so that only a cut to integers changes a value."""
    return x if call.result.dtype.is_floating_point else call.activate(x, ("trunc",))


def _identity(call: Call, x: Ref, *_: Any, **__: Any) -> Ref:
    return x


def _binary(function: str) -> Lowering:
    def lowering(call: Call, x: Operand, y: Operand, *, alpha: float = 1, rounding_mode: str | None = None) -> Ref:
        require(rounding_mode is None, f"rounds what it divides by {rounding_mode!r}")
        if alpha != 1:
            y = call.activate(y, ("linear", float(alpha), 0.0)) if isinstance(y, Ref) else alpha * y
        terms = BY_CONSTANT.get(function)
        # A tensor that the constant enlarges is combined with it as with another tensor.
        if terms is not None and isinstance(x, Ref) and not isinstance(y, Ref) and x.shape == call.shape:
            return _with_constant(call, x, y, terms[0])
        if terms is not None and isinstance(y, Ref) and not isinstance(x, Ref) and y.shape == call.shape:
            return _with_constant(call, y, x, terms[1])
        return call.combine(function, call.ref(x, call.shape), call.ref(y, call.shape))

    return lowering


def _with_constant(call: Call, x: Ref, value: Operand, terms: Callable) -> Ref:
    """`scale * x + shift`, or that of 1 / x."""
    values = constant(value, x.shape)
    before, scale, shift = terms(values)
    x = call.activate(x, before) if before else x
    if values.size and (values == values.flat[0]).all():
        first = [float(np.broadcast_to(v, x.shape).flat[0]) for v in (scale, shift)]
        return call.activate(x, ("linear", *first))
    return affine(call, x, scale, shift)


BY_CONSTANT: dict[str, tuple[Callable, Callable]] = {
    "add": (lambda c: (None, 1.0, c), lambda c: (None, 1.0, c)),
    "subtract": (lambda c: (None, 1.0, -c), lambda c: (None, -1.0, c)),
    "multiply": (lambda c: (None, c, 0.0), lambda c: (None, c, 0.0)),
    "divide": (lambda c: (None, 1 / c, 0.0), lambda c: (("power", -1.0), c, 0.0)),
}
"""For a constant on the right and on the left: a function that is applied first, the scale and the shift."""


def _reversed(lowering: Lowering) -> Lowering:
    return lambda call, x, y, **kwargs: lowering(call, y, x, **kwargs)


def _power(call: Call, x: Operand, exponent: Operand) -> Ref:
    if isinstance(x, Ref) and isinstance(exponent, int | float):
        return call.activate(x, ("power", float(exponent)))
    return _binary("power")(call, x, exponent)


def _lerp(call: Call, x: Operand, y: Operand, weight: Operand) -> Ref:
    x, y, weight = (call.ref(v, call.shape) for v in (x, y, weight))
    return call.combine("add", x, call.combine("multiply", weight, call.combine("subtract", y, x)))


def _where(call: Call, condition: Operand, x: Operand, y: Operand) -> Ref:
    return call.add("where", [call.ref(v, call.shape) for v in (condition, x, y)])


def _masked_fill(call: Call, x: Operand, mask: Operand, value: Operand) -> Ref:
    return _where(call, mask, value, x)


def _gelu(approximate: str = "none") -> Activation:
    return ("gelu" if approximate == "none" else "gelu_tanh",)


_MULTIPLY, _DIVIDE, _SUBTRACT = _binary("multiply"), _binary("divide"), _binary("subtract")

OPERATIONS: dict[str, Lowering] = {
    "relu": _unary(lambda: ("relu",)),
    "silu": _unary(lambda: ("silu",)),
    "sigmoid": _unary(lambda: ("sigmoid",)),
    "tanh": _unary(lambda: ("tanh",)),
    "leaky_relu": _unary(lambda negative_slope=0.01: ("leaky_relu", negative_slope)),
    "elu": _unary(lambda alpha=1.0: ("elu", alpha)),
    "gelu": _unary(_gelu),
    "softplus": _unary(lambda beta=1.0, threshold=20.0: ("softplus", beta, threshold)),
    "log_sigmoid": _unary(lambda: ("logsigmoid",)),
    "mish": _unary(lambda: ("mish",)),
    "exp": _unary(lambda: ("exp",)),
    "expm1": _unary(lambda: ("expm1",)),
    "log": _unary(lambda: ("log",)),
    "log1p": _unary(lambda: ("log1p",)),
    "sqrt": _unary(lambda: ("sqrt",)),
    "rsqrt": _unary(lambda: ("power", -0.5)),
    "square": _unary(lambda: ("power", 2.0)),
    "reciprocal": _unary(lambda: ("power", -1.0)),
    "abs": _unary(lambda: ("abs",)),
    "neg": _unary(lambda: ("linear", -1.0, 0.0)),
    "sin": _unary(lambda: ("sin",)),
    "cos": _unary(lambda: ("cos",)),
    "floor": _unary(lambda: ("floor",)),
    "trunc": _unary(lambda: ("trunc",)),
    "clamp": _unary(_clamp),
    "clip": _unary(_clamp),
    "clamp_min": _unary(_clamp),
    "clamp_max": _unary(lambda max: _clamp(None, max)),
    "hardtanh": _unary(lambda min_val=-1.0, max_val=1.0: _clamp(min_val, max_val)),
    "relu6": _unary(lambda: _clamp(0.0, 6.0)),
    "pow": _power,
    "add": _binary("add"),
    "sub": _SUBTRACT,
    "rsub": _reversed(_SUBTRACT),
    "mul": _MULTIPLY,
    "multiply": _MULTIPLY,
    "div": _DIVIDE,
    "truediv": _DIVIDE,
    "true_divide": _DIVIDE,
    "rdiv": _reversed(_DIVIDE),
    "rtruediv": _reversed(_DIVIDE),
    "maximum": _binary("maximum"),
    "minimum": _binary("minimum"),
    "gt": _binary("greater"),
    "lt": _reversed(_binary("greater")),
    "ge": _binary("not_less"),
    "le": _reversed(_binary("not_less")),
    "eq": _binary("equal"),
    "lerp": _lerp,
    "where": _where,
    "masked_fill": _masked_fill,
    **dict.fromkeys(("float", "double", "long", "int", "to", "type"), _cast),
    **dict.fromkeys(("contiguous", "clone", "detach"), _identity),
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"), _identity),
}

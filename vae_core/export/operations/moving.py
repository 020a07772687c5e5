"""Functions that move values and compute none. Torch itself says where each value comes from: it is run on their indices."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from vae_core.export.graph import Ref
from vae_core.export.operations.call import Call, Lowering, axis, require, share
from vae_core.export.trace import BATCH, map_nested, name_of


def _move(call: Call, x: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(x, tuple):
        # An item of what another function returned.
        return call.run(x, *args, **kwargs)
    shaped = name_of(call.target).endswith("_as")
    args, kwargs = map_nested((args, kwargs), Ref, lambda other: _like(other, shaped))
    if isinstance(x, Tensor):
        # A constant that is brought to the shape of another tensor stays one.
        return call.run(x, *args, **kwargs)
    # Counted from 1, since functions that add values add zeros.
    index = torch.arange(1, BATCH * x.size + 1, dtype=torch.float64).reshape(BATCH * x.shape[0], *x.shape[1:])
    moved = call.run(index, *args, **kwargs)
    if isinstance(moved, Tensor):
        return _taken(call, x, moved)
    return tuple(_taken(call, x, one) for one in moved)


def _like(x: Ref, shaped: bool) -> Tensor:
    """A stand-in for an argument of a function that wants its shape alone, which those named `..._as` do."""
    require(shaped, "moves values by numbers that depend on the input; use torch.nn.functional.embedding")
    return torch.empty(BATCH * x.shape[0], *x.shape[1:], device="meta")


def _taken(call: Call, x: Ref, moved: Tensor) -> Ref:
    shape = share(moved)
    rows = moved.reshape(BATCH, -1).long() - 1
    first = torch.arange(BATCH).unsqueeze(1) * x.size
    local = torch.where(rows < 0, -1, rows - first)
    require(bool((local == local[0]).all()), "mixes the observations of a batch")
    return call.take(x, local[0].numpy(), shape)


def _pad(call: Call, x: Ref, pad: Any, mode: str = "constant", value: float | None = None) -> Ref:
    require(mode != "constant" or not value, f"pads with {value}; a network program pads with zeros")
    return _move(call, x, pad, mode)


def _interpolate(
    call: Call,
    x: Ref,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Ref:
    require(mode in ("nearest", "bilinear") and not antialias, f"upsamples by {mode!r}; give 'nearest' or 'bilinear'")
    require(len(x.shape) == 4 and x.shape[0] == 1, "upsamples something else than images")
    sides, targets = x.shape[2:], call.shape[2:]
    if scale_factor is None or recompute_scale_factor:
        steps = [side / target for side, target in zip(sides, targets, strict=True)]
    else:
        factors = scale_factor if isinstance(scale_factor, tuple | list) else (scale_factor, scale_factor)
        steps = [1 / factor for factor in factors]
    offsets = [0.0, 0.0]
    if mode == "bilinear" and align_corners:
        steps = [(side - 1) / max(1, target - 1) for side, target in zip(sides, targets, strict=True)]
    elif mode == "bilinear":
        offsets = [step / 2 - 0.5 for step in steps]
    return call.add("upsample", [x], settings={"step": steps, "offset": offsets, "linear": mode == "bilinear"})


def _concatenate(call: Call, tensors: Any, dim: int = 0) -> Ref:
    of = Ref("", call.shape)
    at = axis(dim, of)
    shapes = [(*call.shape[:at], _side(t, at), *call.shape[at + 1 :]) for t in tensors]
    return _joined(call, tensors, shapes, at)


def _side(tensor: Ref | Tensor, at: int) -> int:
    return int(tensor.shape[at])


def _stack(call: Call, tensors: Any, dim: int = 0) -> Ref:
    at = axis(dim, Ref("", call.shape))
    return _joined(call, tensors, [(*call.shape[:at], *call.shape[at + 1 :])] * len(tensors), at)


def _joined(call: Call, tensors: Any, shapes: list[tuple[int, ...]], at: int) -> Ref:
    """Tensors one after the other, for each place on the dimensions before `at`."""
    found = [call.ref(t, shape) for t, shape in zip(tensors, shapes, strict=True)]
    outer = math.prod(call.shape[:at])
    return call.add("concat", found, settings={"outer": outer})


MOVES = (
    *("reshape", "view", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as", "reshape_as"),
    *("permute", "transpose", "swapaxes", "movedim", "moveaxis", "getattr", "flip", "roll", "rot90"),
    *("getitem", "chunk", "split", "tensor_split", "unbind", "narrow", "select", "index_select"),
    *("expand", "expand_as", "broadcast_to", "repeat", "tile", "repeat_interleave"),
    *("pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "unfold"),
    *("tril", "triu", "diag_embed", "diagonal"),
)

OPERATIONS: dict[str, Lowering] = {
    **dict.fromkeys(MOVES, _move),
    "pad": _pad,
    "interpolate": _interpolate,
    **dict.fromkeys(("cat", "concat", "concatenate"), _concatenate),
    "stack": _stack,
}

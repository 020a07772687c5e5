"""Convolutions as matrix products, one for each tap of the kernel, where a CPU is faster so.

oneDNN lays a kernel out anew in every pass. For a large kernel over few positions, as near the code of a convolutional net,
that takes longer than the convolution. Products use the kernel as it lies, and none of their work falls on padding: a
convolution leaves its padding out, and a transposed one the zeros between its inputs.

Both join a fine and a coarse grid: the tap `a` joins the coarse position `c` to the fine one `stride * c - padding + a`. What
is forward for the one is backward for the other: `gather`, `scatter` and `correlate` are all there is.
Shapes: fine (B, F, H, W), coarse (B, C, h, w), kernel (C, F, kh, kw), as torch has them for both kinds of convolution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

LARGE = 2**20
"""Weights of a kernel from which products pay (`python tests/benchmarks/bench.py --only cpu-layers`)."""
FEW = 64
"""Positions of the coarse grid up to which they do."""


class AsProducts(TorchFunctionMode):
    """Inside, convolutions of float32 on a CPU are products where that pays; others are torch's own."""

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None) -> Any:
        return INSTEAD.get(func, func)(*args, **(kwargs or {}))


def may_pay(model: nn.Module) -> bool:
    """True if there is a kernel for which products may pay."""
    return any(isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)) and m.weight.numel() >= LARGE for m in model.modules())


def conv2d(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride=1, padding=0, dilation=1, groups: int = 1) -> Tensor:
    """Computes what the function of the same name in torch computes."""
    if x.ndim == 4 and not isinstance(padding, str) and _pair(dilation) == [1, 1] and groups == 1:
        s, p = _pair(stride), _pair(padding)
        size = [(x.shape[2 + i] + 2 * p[i] - weight.shape[2 + i]) // s[i] + 1 for i in (0, 1)]
        if pays(x, weight, size):
            return _with_bias(gather(x, weight, size, s, p), bias)
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)


def conv_transpose2d(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride=1, padding=0, output_padding=0, groups: int = 1, dilation=1
) -> Tensor:
    """Computes what the function of the same name in torch computes."""
    simple = x.ndim == 4 and _pair(dilation) == [1, 1] and groups == 1
    stride, padding, more = _pair(stride), _pair(padding), _pair(output_padding)
    if not simple or not pays(x, weight, x.shape[2:]) or more[0] >= stride[0] or more[1] >= stride[1]:
        return F.conv_transpose2d(x, weight, bias, stride, padding, output_padding, groups, dilation)
    size = [
        (n - 1) * s - 2 * p + k + o for n, s, p, k, o in zip(x.shape[2:], stride, padding, weight.shape[2:], more, strict=True)
    ]
    return _with_bias(scatter(x, weight, size, stride, padding), bias)


INSTEAD = {torch.conv2d: conv2d, torch.conv_transpose2d: conv_transpose2d}


def pays(x: Tensor, weight: Tensor, coarse: Sequence[int]) -> bool:
    """True if training takes products for a convolution of `x` with a coarse grid of this (h, w)."""
    plain = x.device.type == "cpu" and x.dtype == weight.dtype == torch.float32
    return plain and weight.numel() >= LARGE and min(coarse) > 0 and coarse[0] * coarse[1] <= FEW


def _pair(value: int | Sequence[int]) -> list[int]:
    return [value, value] if isinstance(value, int) else [*value] * (2 // len(value))


def _with_bias(x: Tensor, bias: Tensor | None) -> Tensor:
    return x if bias is None else x + bias[:, None, None]


# Operations of torch's own kind: a compiler takes them as they are.
@torch.library.custom_op("vae_core::gather", mutates_args=())
def gather(fine: Tensor, kernel: Tensor, size: Sequence[int], stride: Sequence[int], padding: Sequence[int]) -> Tensor:
    """The convolution of `fine`: coarse, of this (h, w)."""
    coarse = _images(fine, kernel.shape[0], size).zero_()
    for f, c, w in _taps(fine, coarse, kernel, stride, padding):
        _add_product(c, _rows(f), w.t())
    return coarse


@torch.library.custom_op("vae_core::scatter", mutates_args=())
def scatter(coarse: Tensor, kernel: Tensor, size: Sequence[int], stride: Sequence[int], padding: Sequence[int]) -> Tensor:
    """The transposed convolution of `coarse`: fine, of this (H, W)."""
    fine = _images(coarse, kernel.shape[1], size).zero_()
    for f, c, w in _taps(fine, coarse, kernel, stride, padding):
        _add_product(f, _rows(c), w)
    return fine


@torch.library.custom_op("vae_core::correlate", mutates_args=())
def correlate(fine: Tensor, coarse: Tensor, size: Sequence[int], stride: Sequence[int], padding: Sequence[int]) -> Tensor:
    """The gradient for the kernel, of this (kh, kw).

    One of `fine` and `coarse` is the input of a convolution, and the other the gradient for its output.
    """
    kernel = _kernel(coarse, fine, size)
    _clear_unreached(kernel, fine, coarse, stride, padding)
    for f, c, w in _taps(fine, coarse, kernel, stride, padding):
        torch.mm(_rows(c).t(), _rows(f), out=w)
    return kernel


# Both gradients at once, since what lies apart in memory has to be brought together for either.
@torch.library.custom_op("vae_core::gradients", mutates_args=())
def gradients(
    fine: Tensor, coarse: Tensor, kernel: Tensor, stride: Sequence[int], padding: Sequence[int], of_fine: bool
) -> tuple[Tensor, Tensor]:
    """Both gradients of a convolution: for its input, and `correlate` for its kernel.

    With `of_fine` the input is `fine`, whose gradient is the `scatter` of the gradient `coarse`; else it is `coarse`, whose
    gradient is the `gather` of the gradient `fine`.
    """
    x = fine if of_fine else coarse
    of_x = _images(x, x.shape[1], x.shape[2:]).zero_()
    of_kernel = _kernel(coarse, fine, kernel.shape[2:])
    _clear_unreached(of_kernel, fine, coarse, stride, padding)
    wanted = (of_x, coarse) if of_fine else (fine, of_x)
    each = zip(_taps(fine, coarse, kernel, stride, padding), _taps(*wanted, of_kernel, stride, padding), strict=True)
    for (f, c, w), (df, dc, dw) in each:
        f, c = _rows(f), _rows(c)
        if of_fine:
            _add_product(df, c, w)
        else:
            _add_product(dc, f, w.t())
        torch.mm(c.t(), f, out=dw)
    return of_x, of_kernel


def _taps(
    fine: Tensor, coarse: Tensor, kernel: Tensor, stride: Sequence[int], padding: Sequence[int]
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """For each tap what it joins, as views: fine and coarse (B, n, m, channels), and its weights (C, F)."""
    fine, coarse, kernel = (t.permute(0, 2, 3, 1) for t in (fine, coarse, kernel))
    rows, columns = ([*_reach(fine.shape[i], coarse.shape[i], kernel.shape[i], stride[i - 1], padding[i - 1])] for i in (1, 2))
    for a, f, c in rows:
        for b, g, d in columns:
            yield fine[:, f, g], coarse[:, c, d], kernel[:, a, b]


def _clear_unreached(kernel: Tensor, fine: Tensor, coarse: Tensor, stride: Sequence[int], padding: Sequence[int]) -> None:
    """Zeros for the taps that join nothing; a kernel of millions of weights takes its time to be cleared whole."""
    for i in (2, 3):
        reached = {a for a, _, _ in _reach(fine.shape[i], coarse.shape[i], kernel.shape[i], stride[i - 2], padding[i - 2])}
        for a in set(range(kernel.shape[i])) - reached:
            kernel.select(i, a).zero_()


def _reach(fine: int, coarse: int, kernel: int, stride: int, padding: int) -> Iterator[tuple[int, slice, slice]]:
    """(tap, fine positions, coarse positions) in one direction, for each tap that joins any."""
    for a in range(kernel):
        first = max(0, -((a - padding) // stride))
        last = min(coarse - 1, (fine - 1 + padding - a) // stride)
        if first <= last:
            begin = first * stride - padding + a
            yield a, slice(begin, begin + (last - first) * stride + 1, stride), slice(first, last + 1)


def _images(like: Tensor, channels: int, size: Sequence[int]) -> Tensor:
    """An empty tensor for as many images as `like` has, with channels last in memory."""
    return like.new_empty(like.shape[0], *size, channels).permute(0, 3, 1, 2)


def _kernel(coarse: Tensor, fine: Tensor, size: Sequence[int]) -> Tensor:
    """An empty tensor for a kernel that joins these images, with channels last in memory."""
    return fine.new_empty(coarse.shape[1], *size, fine.shape[1]).permute(0, 3, 1, 2)


def _rows(x: Tensor) -> Tensor:
    return x.reshape(-1, x.shape[-1])


def _add_product(x: Tensor, rows: Tensor, matrix: Tensor) -> None:
    if x.is_contiguous():
        _rows(x).addmm_(rows, matrix)
    else:
        x += (rows @ matrix).view(x.shape)


@gather.register_fake
def _(fine, kernel, size, stride, padding):
    return _images(fine, kernel.shape[0], size)


@scatter.register_fake
def _(coarse, kernel, size, stride, padding):
    return _images(coarse, kernel.shape[1], size)


@correlate.register_fake
def _(fine, coarse, size, stride, padding):
    return _kernel(coarse, fine, size)


@gradients.register_fake
def _(fine, coarse, kernel, stride, padding, of_fine):
    x = fine if of_fine else coarse
    return _images(x, x.shape[1], x.shape[2:]), _images(kernel, kernel.shape[1], kernel.shape[2:])


def _keep(ctx: Any, inputs: tuple, output: Tensor) -> None:
    x, kernel, _, *ctx.how = inputs
    ctx.save_for_backward(x, kernel)


def _of_gather(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    fine, kernel = ctx.saved_tensors
    nothing = (None, None, None)
    if all(ctx.needs_input_grad[:2]):
        return *gradients(fine, gradient, kernel, *ctx.how, True), *nothing
    if ctx.needs_input_grad[0]:
        return scatter(gradient, kernel, fine.shape[2:], *ctx.how), None, *nothing
    return None, correlate(fine, gradient, kernel.shape[2:], *ctx.how), *nothing


def _of_scatter(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    coarse, kernel = ctx.saved_tensors
    nothing = (None, None, None)
    if all(ctx.needs_input_grad[:2]):
        return *gradients(gradient, coarse, kernel, *ctx.how, False), *nothing
    if ctx.needs_input_grad[0]:
        return gather(gradient, kernel, coarse.shape[2:], *ctx.how), None, *nothing
    return None, correlate(gradient, coarse, kernel.shape[2:], *ctx.how), *nothing


gather.register_autograd(_of_gather, setup_context=_keep)
scatter.register_autograd(_of_scatter, setup_context=_keep)

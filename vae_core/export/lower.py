"""From torch modules to graph nodes. A new layer is one function and one row of `LAYERS`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor, nn

from vae_core.export.graph import ExportError, Graph
from vae_core.models.nets import Net
from vae_core.models.nets.residual import Residual

Lowering = Callable[[Graph, Any, str, str], str]
"""(graph, module, input tensor, where the module sits) -> output tensor."""


def lower(graph: Graph, module: nn.Module, x: str, where: str) -> str:
    """Appends a module's operations and returns the name of its output. Raises ExportError on an unknown module."""
    lowering = LAYERS.get(type(module))
    if lowering is None:
        known = ", ".join(sorted(layer.__name__ for layer in LAYERS))
        raise ExportError(f"{where} is a {type(module).__name__}; a network program can be made of {known}.")
    return lowering(graph, module, x, where)


def _require(ok: bool, where: str, reason: str) -> None:
    if not ok:
        raise ExportError(f"{where}: {reason}.")


def _array(tensor: Tensor | None, like: int) -> np.ndarray:
    """A parameter as float64, or zeros where there is none. The folding of batch norm then rounds once, at the end."""
    return np.zeros(like) if tensor is None else tensor.detach().cpu().double().numpy()


def _pair(value: int | tuple[int, int]) -> list[int]:
    return [value, value] if isinstance(value, int) else list(value)


def _sequential(graph: Graph, module: nn.Sequential, x: str, where: str) -> str:
    for name, child in module.named_children():
        x = lower(graph, child, x, f"{where}.{name}")
    return x


def _net(graph: Graph, module: Net, x: str, where: str) -> str:
    return lower(graph, module.body, x, f"{where}.body")


def _residual(graph: Graph, module: Residual, x: str, where: str) -> str:
    branch = lower(graph, module.branch, x, f"{where}.branch")
    return graph.add("add", [x, branch], graph.shape(x))


def _linear(graph: Graph, module: nn.Linear, x: str, where: str) -> str:
    _require(graph.shape(x) == (module.in_features,), where, f"takes {module.in_features} values, not {graph.shape(x)}")
    arrays = {"weight": _array(module.weight, 0), "bias": _array(module.bias, module.out_features)}
    return graph.add("linear", [x], (module.out_features,), arrays=arrays, macs=module.in_features * module.out_features)


def _check_convolution(module: nn.Conv2d | nn.ConvTranspose2d, shape: tuple[int, ...], where: str) -> None:
    _require(module.groups == 1, where, f"convolves in {module.groups} groups; a network program has one")
    _require(_pair(module.dilation) == [1, 1], where, f"has dilation {module.dilation}; a network program has 1")
    _require(module.padding_mode == "zeros", where, f"pads with {module.padding_mode!r}; a network program pads with zeros")
    _require(not isinstance(module.padding, str), where, f"has padding {module.padding!r}; give it as a number")
    _require(len(shape) == 3 and shape[0] == module.in_channels, where, f"takes {module.in_channels} channels, not {shape}")


def _conv(graph: Graph, module: nn.Conv2d, x: str, where: str) -> str:
    def side(n: int, kernel: int, stride: int, padding: int, extra: int) -> int:
        return (n + 2 * padding - kernel) // stride + 1

    weight = _array(module.weight, 0)
    return _convolution(graph, "conv", module, x, where, weight, side)


def _conv_transpose(graph: Graph, module: nn.ConvTranspose2d, x: str, where: str) -> str:
    def side(n: int, kernel: int, stride: int, padding: int, extra: int) -> int:
        return (n - 1) * stride - 2 * padding + kernel + extra

    # Filters first, as in a plain convolution.
    weight = _array(module.weight, 0).swapaxes(0, 1)
    return _convolution(graph, "conv_transpose", module, x, where, weight, side)


def _convolution(
    graph: Graph,
    operation: str,
    module: nn.Conv2d | nn.ConvTranspose2d,
    x: str,
    where: str,
    weight: np.ndarray,
    side: Callable[..., int],
) -> str:
    shape = graph.shape(x)
    _check_convolution(module, shape, where)
    kernel, stride, padding = _pair(module.kernel_size), _pair(module.stride), _pair(module.padding)
    sides = [side(*numbers) for numbers in zip(shape[1:], kernel, stride, padding, _pair(module.output_padding), strict=True)]
    # Each pixel of the smaller side meets the whole kernel: what goes in of a transposed one, what comes out of a plain one.
    places = math.prod(sides if operation == "conv" else shape[1:])
    return graph.add(
        operation,
        [x],
        (module.out_channels, *sides),
        arrays={"weight": weight, "bias": _array(module.bias, module.out_channels)},
        settings={"kernel": list(weight.shape), "stride": stride, "padding": padding},
        macs=weight.size * places,
    )


def _batch_norm(graph: Graph, module: nn.BatchNorm1d | nn.BatchNorm2d, x: str, where: str) -> str:
    _require(module.running_mean is not None, where, "keeps no running statistics")
    shape = graph.shape(x)
    _require(shape[0] == module.num_features, where, f"takes {module.num_features} channels, not {shape}")
    scale = 1 / np.sqrt(_array(module.running_var, 0) + module.eps)
    if module.weight is not None:
        scale = scale * _array(module.weight, 0)
    shift = _array(module.bias, module.num_features) - scale * _array(module.running_mean, 0)
    return graph.add("affine", [x], shape, arrays={"scale": scale, "shift": shift})


def _group_norm(graph: Graph, module: nn.GroupNorm, x: str, where: str) -> str:
    shape = graph.shape(x)
    _require(shape[0] == module.num_channels, where, f"takes {module.num_channels} channels, not {shape}")
    normal = graph.add("standardise", [x], shape, settings={"rows": module.num_groups, "eps": module.eps})
    if not module.affine:
        return normal
    return graph.add("affine", [normal], shape, arrays={"scale": _array(module.weight, 0), "shift": _array(module.bias, 0)})


def _layer_norm(graph: Graph, module: nn.LayerNorm, x: str, where: str) -> str:
    shape, over = graph.shape(x), tuple(module.normalized_shape)
    _require(shape[-len(over) :] == over, where, f"takes values of shape {over}, not {shape}")
    rows = math.prod(shape) // math.prod(over)
    normal = graph.add("standardise", [x], shape, settings={"rows": rows, "eps": module.eps})
    if not module.elementwise_affine:
        return normal
    # Each value has a scale of its own, as the channels of a flat tensor have.
    flat = graph.add("reshape", [normal], (math.prod(shape),))
    scale, shift = _array(module.weight, 0), _array(module.bias, math.prod(over))
    arrays = {"scale": np.tile(scale.ravel(), rows), "shift": np.tile(shift.ravel(), rows)}
    return graph.add("reshape", [graph.add("affine", [flat], graph.shape(flat), arrays=arrays)], shape)


def _upsample(graph: Graph, module: nn.Upsample, x: str, where: str) -> str:
    _require(module.mode in ("nearest", "bilinear"), where, f"upsamples by {module.mode!r}; give 'nearest' or 'bilinear'")
    channels, *sides = graph.shape(x)
    if module.size is not None:
        targets = _pair(module.size)
        steps = [side / target for side, target in zip(sides, targets, strict=True)]
    else:
        factor = module.scale_factor
        factors = factor if isinstance(factor, tuple) else (factor, factor)
        targets = [math.floor(side * f) for side, f in zip(sides, factors, strict=True)]
        known = zip(sides, targets, factors, strict=True)
        steps = [side / target if module.recompute_scale_factor else 1 / f for side, target, f in known]
    offsets = [0.0, 0.0]
    if module.mode == "bilinear" and module.align_corners:
        steps = [(side - 1) / max(1, target - 1) for side, target in zip(sides, targets, strict=True)]
    elif module.mode == "bilinear":
        offsets = [step / 2 - 0.5 for step in steps]
    settings = {"step": steps, "offset": offsets, "linear": module.mode == "bilinear"}
    return graph.add("upsample", [x], (channels, *targets), settings=settings)


def _pixel_shuffle(graph: Graph, module: nn.PixelShuffle, x: str, where: str) -> str:
    channels, height, width = graph.shape(x)
    r = module.upscale_factor
    _require(channels % r**2 == 0, where, f"makes images of {channels} channels, which {r} x {r} does not divide")
    return graph.add("pixel_shuffle", [x], (channels // r**2, height * r, width * r), settings={"factor": r})


def _reshape(shape: Callable[[Any, tuple[int, ...]], tuple[int, ...]]) -> Lowering:
    def lowering(graph: Graph, module: nn.Module, x: str, where: str) -> str:
        return graph.add("reshape", [x], shape(module, graph.shape(x)))

    return lowering


def _flattened(module: nn.Flatten, shape: tuple[int, ...]) -> tuple[int, ...]:
    _require((module.start_dim, module.end_dim) == (1, -1), "Flatten", "flattens only some of the dimensions")
    return (math.prod(shape),)


def _unflattened(module: nn.Unflatten, shape: tuple[int, ...]) -> tuple[int, ...]:
    sides = tuple(module.unflattened_size)
    _require(module.dim == 1 and math.prod(sides) == math.prod(shape), "Unflatten", f"makes {sides} of {shape}")
    return sides


def _nothing(graph: Graph, module: nn.Module, x: str, where: str) -> str:
    return x


def _activation(name: str, parameters: Callable[[Any], tuple[float, ...]] = lambda module: ()) -> Lowering:
    def lowering(graph: Graph, module: nn.Module, x: str, where: str) -> str:
        return activate(graph, x, (name, *parameters(module)))

    return lowering


def activate(graph: Graph, x: str, activation: tuple[Any, ...]) -> str:
    """Applies a function to each value of a tensor."""
    return graph.add("copy", [x], graph.shape(x), activation=activation)


def _gelu(graph: Graph, module: nn.GELU, x: str, where: str) -> str:
    return activate(graph, x, ("gelu" if module.approximate == "none" else "gelu_tanh",))


LAYERS: dict[type[nn.Module], Lowering] = {
    nn.Sequential: _sequential,
    Net: _net,
    Residual: _residual,
    nn.Linear: _linear,
    nn.Conv2d: _conv,
    nn.ConvTranspose2d: _conv_transpose,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.GroupNorm: _group_norm,
    nn.LayerNorm: _layer_norm,
    nn.Upsample: _upsample,
    nn.UpsamplingNearest2d: _upsample,
    nn.UpsamplingBilinear2d: _upsample,
    nn.PixelShuffle: _pixel_shuffle,
    nn.Flatten: _reshape(_flattened),
    nn.Unflatten: _reshape(_unflattened),
    nn.Identity: _nothing,
    nn.Dropout: _nothing,
    nn.ReLU: _activation("relu"),
    nn.SiLU: _activation("silu"),
    nn.Sigmoid: _activation("sigmoid"),
    nn.Tanh: _activation("tanh"),
    nn.LeakyReLU: _activation("leaky_relu", lambda module: (module.negative_slope,)),
    nn.ELU: _activation("elu", lambda module: (module.alpha,)),
    nn.GELU: _gelu,
}

"""A network program: a graph of operations with its weights, which a page runs without Python.

It is written as a safetensors file whose metadata hold the graph as JSON under `program`. Matrices and kernels are float16
where that is asked for, or where it loses nothing, else float32; the few biases and scales are always float32. The output of a
matrix or kernel is `scale * (weight applied to x) + bias`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from safetensors.numpy import save
from torch import nn

from vae_core.export.fold import fold
from vae_core.export.graph import ExportError, Graph
from vae_core.export.lower import lower
from vae_core.export.modules import Decoder, Encoder
from vae_core.export.trace import Input
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.likelihoods import Bernoulli, Gaussian

Weights = Literal["float32", "float16"]

VERSION = 3
HALF_MAX = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Program:
    """A graph with named inputs and outputs, and its weights."""

    header: dict[str, Any]
    """`version`, `inputs` (name to shape without the batch), `outputs` (name to tensor), `nodes` and `macs`."""
    arrays: dict[str, np.ndarray]
    """Weights by the names under which the nodes know them."""

    @property
    def macs(self) -> int:
        """Multiply-adds of one run."""
        return self.header["macs"]

    def to_bytes(self) -> bytes:
        """The program as the bytes of a safetensors file, with the header as JSON in its metadata."""
        return save(self.arrays, {"program": json.dumps(self.header, separators=(",", ":"))})


def decoder_program(model: Autoencoder, weights: Weights = "float32") -> Program:
    """E[x|z] as a program: input `z` (d,), output `mean` (C, H, W) in [0, 1].

    Where the model is given a class, `condition` (K,), one-hot, is a further input. The header says under `draw` how x is drawn
    around the mean: `["bernoulli"]`, or `["gaussian", sigma]`. Raises ExportError where a layer or the likelihood has no
    operation.
    """
    with model.inference():
        part = Decoder(model)
        made = program(part, part.inputs, weights)
    return replace(made, header=made.header | {"draw": drawing(model)})


def encoder_program(model: Autoencoder, weights: Weights = "float32") -> Program:
    """q(z|x) as a program: input `x` (C, H, W) in [0, 1], outputs `mean` (d,) and, where the posterior has one, `scale` (d,).

    Where the model is given a class, `condition` (K,), one-hot, is a further input. Raises ExportError where a layer or
    the posterior has no operation.
    """
    with model.inference():
        part = Encoder(model)
        return program(part, part.inputs, weights)


def drawing(model: Autoencoder) -> list[Any]:
    """The draw of x around its mean, as in the header of a decoder's program; empty for a likelihood that no page knows."""
    draw = DRAWINGS.get(type(model.likelihood))
    return draw(model.likelihood) if draw else []


DRAWINGS: dict[type, Callable[[Any], list[Any]]] = {
    Bernoulli: lambda likelihood: ["bernoulli"],
    Gaussian: lambda likelihood: ["gaussian", float(likelihood.sigma.detach())],
}


def program(module: nn.Module, inputs: Mapping[str, Input], weights: Weights = "float32") -> Program:
    """Any module in evaluation mode as a program.

    The module is called with tensors by the names of `inputs`. It returns one tensor, which the program calls `out`, or a dict
    of named ones. Integers are given as the floats that equal them. Raises ExportError where it cannot be traced or calls a
    function that has no operation.
    """
    if weights not in ("float32", "float16"):
        raise ExportError(f"Weights are {weights!r}; they can be 'float32' or 'float16'.")
    return _written(fold(lower(module, inputs)), weights)


def _written(graph: Graph, weights: Weights) -> Program:
    arrays: dict[str, np.ndarray] = {}
    names: dict[tuple[Any, ...], str] = {}
    nodes = []
    for node in graph.nodes:
        entry: dict[str, Any] = {"op": node.op, "inputs": node.inputs, "output": node.output, "shape": list(node.shape)}
        entry |= node.settings
        if node.activations:
            entry["activations"] = [list(activation) for activation in node.activations]
        for role, values in node.arrays.items():
            stored = _stored(values, role, f"{node.op} {node.output}", weights)
            # An array that several nodes share is written once.
            name = names.setdefault((stored.dtype, stored.shape, stored.tobytes()), f"{node.output}.{role}")
            arrays[name] = stored
            entry.setdefault("arrays", {})[role] = name
        nodes.append(entry)
    header = {
        "version": VERSION,
        "inputs": {name: list(shape) for name, shape in graph.inputs.items()},
        "outputs": graph.outputs,
        "nodes": nodes,
        "macs": sum(node.macs for node in graph.nodes),
    }
    return Program(header, arrays)


def _stored(values: np.ndarray, role: str, where: str, weights: Weights) -> np.ndarray:
    if values.dtype == np.int32:
        return values
    if not np.isfinite(values).all():
        raise ExportError(f"The {role} of {where} has values that are not finite.")
    if role != "weight" or not (weights == "float16" or _is_half(values)):
        return np.ascontiguousarray(values, np.float32)
    if np.abs(values).max(initial=0) > HALF_MAX:
        raise ExportError(f"The {role} of {where} exceeds what float16 holds; export it as float32.")
    return np.ascontiguousarray(values, np.float16)


def _is_half(values: np.ndarray) -> bool:
    """True if float16 holds exactly these numbers."""
    with np.errstate(over="ignore"):
        return bool((values.astype(np.float16) == values).all())

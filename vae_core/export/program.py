"""A network program: a graph of operations as JSON, and its weights as one blob, which the page runs without Python.

One program is one byte string: "LXNP", version and header length (uint32, little-endian), the header, zeros up to a multiple
of 16, the blob. Matrices and kernels are float16 where that is asked for, or where it loses nothing, else float32; the few
biases and scales are always float32. The output of a matrix or kernel is `scale * (weight applied to x) + bias`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from vae_core.export.fold import fold
from vae_core.export.graph import ExportError, Graph
from vae_core.export.lower import activate, lower
from vae_core.models.flat import Autoencoder
from vae_core.models.likelihoods import Bernoulli, Gaussian
from vae_core.models.posteriors import Deterministic, DiagonalGaussian

Weights = Literal["float32", "float16"]

MAGIC = b"LXNP"
VERSION = 2
ALIGNMENT = 16
HALF_MAX = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Program:
    """A graph with named inputs and outputs, and its weights."""

    header: dict[str, Any]
    """`inputs` (name -> shape without the batch), `outputs` (name -> tensor), `nodes`, `arrays` (type, shape and place in the
    blob), `macs`, and `blob`, its length in bytes."""
    blob: bytes

    @property
    def macs(self) -> int:
        """Multiply-adds of one run."""
        return self.header["macs"]

    def to_bytes(self) -> bytes:
        text = json.dumps(self.header, separators=(",", ":")).encode()
        start = MAGIC + struct.pack("<II", VERSION, len(text)) + text
        return start + bytes(-len(start) % ALIGNMENT) + self.blob


def decoder_program(model: Autoencoder, weights: Weights = "float32") -> Program:
    """E[x|z] as a program: input `z` (d,), output `mean` (C, H, W) in [0, 1]; the header says under `draw` how x is drawn
    around it: `["bernoulli"]`, or `["gaussian", sigma]`.

    Raises ExportError where a layer or the likelihood has no operation.
    """
    graph = Graph({"z": (model.config.latent,)})
    raw = lower(graph, model.decoder, "z", "decoder")
    kind = type(model.likelihood)
    if kind not in LIKELIHOOD_PARTS:
        raise ExportError(f"The mean of the likelihood {kind.__name__} has no operation in a network program.")
    graph.outputs["mean"] = activate(graph, raw, LIKELIHOOD_PARTS[kind][0])
    program = _write(graph, weights)
    return replace(program, header=program.header | {"draw": drawing(model)})


def drawing(model: Autoencoder) -> list[Any]:
    """The draw of x around its mean, as in the header of a decoder's program; empty for a likelihood that no page knows."""
    parts = LIKELIHOOD_PARTS.get(type(model.likelihood))
    return parts[1](model.likelihood) if parts else []


def encoder_program(model: Autoencoder, weights: Weights = "float32") -> Program:
    """q(z|x) as a program: input `x` (C, H, W) in [0, 1], outputs `mean` (d,) and, where the posterior has one, `scale` (d,).

    Raises ExportError where a layer or the posterior has no operation.
    """
    graph = Graph({"x": tuple(model.config.image)})
    raw = lower(graph, model.encoder, "x", "encoder")
    kind = type(model.posterior)
    if kind not in POSTERIOR_OUTPUTS:
        raise ExportError(f"The posterior {kind.__name__} has no operations in a network program.")
    POSTERIOR_OUTPUTS[kind](graph, raw, model.config.latent)
    return _write(graph, weights)


def _is_half(values: np.ndarray) -> bool:
    """True if float16 holds these very numbers."""
    with np.errstate(over="ignore"):
        return bool((values.astype(np.float16) == values).all())


LIKELIHOOD_PARTS: dict[type, tuple[tuple[Any, ...], Callable[[Any], list[Any]]]] = {
    Bernoulli: (("sigmoid",), lambda likelihood: ["bernoulli"]),
    Gaussian: (("sigmoid",), lambda likelihood: ["gaussian", float(likelihood.sigma.detach())]),
}
"""The activation that gives the mean, and how an image is drawn around it."""


def _point(graph: Graph, raw: str, latent: int) -> None:
    graph.outputs["mean"] = raw


def _mean_and_deviation(graph: Graph, raw: str, latent: int) -> None:
    graph.outputs["mean"] = graph.add("slice", [raw], (latent,), settings={"start": 0})
    logvar = graph.add("slice", [raw], (latent,), settings={"start": latent})
    graph.outputs["scale"] = activate(graph, logvar, ("deviation", *DiagonalGaussian.LOGVAR_RANGE))


POSTERIOR_OUTPUTS = {Deterministic: _point, DiagonalGaussian: _mean_and_deviation}


def _write(graph: Graph, weights: Weights) -> Program:
    if weights not in ("float32", "float16"):
        raise ExportError(f"Weights are {weights!r}; they can be 'float32' or 'float16'.")
    graph = fold(graph)
    blob = bytearray()
    arrays: list[dict[str, Any]] = []

    def store(role: str, values: np.ndarray, where: str) -> int:
        kind = "float16" if role == "weight" and (weights == "float16" or _is_half(values)) else "float32"
        if not np.isfinite(values).all():
            raise ExportError(f"The {role} of {where} has values that are not finite.")
        if kind == "float16" and np.abs(values).max(initial=0) > HALF_MAX:
            raise ExportError(f"The {role} of {where} exceeds what float16 holds; export it as float32.")
        blob.extend(bytes(-len(blob) % ALIGNMENT))
        arrays.append({"type": kind, "shape": list(values.shape), "at": len(blob)})
        blob.extend(values.astype(f"<{np.dtype(kind).str[1:]}").tobytes())
        return len(arrays) - 1

    nodes = []
    for node in graph.nodes:
        entry: dict[str, Any] = {"op": node.op, "inputs": node.inputs, "output": node.output, "shape": list(node.shape)}
        entry |= node.settings
        if node.activation is not None:
            entry["activation"] = list(node.activation)
        if node.arrays:
            entry["arrays"] = {role: store(role, values, f"{node.op} {node.output}") for role, values in node.arrays.items()}
        nodes.append(entry)
    header = {
        "inputs": {name: list(shape) for name, shape in graph.inputs.items()},
        "outputs": graph.outputs,
        "nodes": nodes,
        "arrays": arrays,
        "macs": sum(node.macs for node in graph.nodes),
        "blob": len(blob),
    }
    return Program(header, bytes(blob))

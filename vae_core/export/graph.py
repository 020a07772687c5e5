"""A network as a list of operations on named tensors, before it is written down."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


class ExportError(ValueError):
    """A model that cannot be exported: the message names the part and the reason."""


@dataclass(frozen=True)
class Ref:
    """A tensor of the graph."""

    name: str
    shape: tuple[int, ...]
    """One observation's share of it: the first number is 1, or how many rows of a merged batch belong to one observation."""

    @property
    def size(self) -> int:
        """Number of values of one observation."""
        return math.prod(self.shape)


@dataclass
class Node:
    """One operation: tensors in, one tensor out."""

    op: str
    inputs: list[str]
    output: str
    shape: tuple[int, ...]
    """Shape of the output without the batch."""
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    """Weights by role (weight, bias, scale, shift), float64 until they are written, and indices, int32."""
    settings: dict[str, Any] = field(default_factory=dict)
    activations: list[tuple[Any, ...]] = field(default_factory=list)
    """Functions applied to each value of the result, one after the other: name and parameters of each."""
    macs: int = 0
    """Multiply-adds of one run."""


@dataclass
class Graph:
    """Nodes in the order in which they run."""

    inputs: dict[str, tuple[int, ...]]
    nodes: list[Node] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)

    def add(self, op: str, inputs: Sequence[Ref], shape: tuple[int, ...], **fields: Any) -> Ref:
        """Appends a node, whose other fields are given by name, and returns its output, of shape (1 or rows, ...)."""
        ref = Ref(f"t{len(self.nodes)}", tuple(int(side) for side in shape))
        kept = ref.shape[1:] if ref.shape[0] == 1 else ref.shape
        self.nodes.append(Node(op, [x.name for x in inputs], ref.name, kept, **fields))
        return ref

    def readers(self, name: str) -> int:
        """The number of times that a tensor is read, by nodes and as an output of the graph."""
        return sum(node.inputs.count(name) for node in self.nodes) + list(self.outputs.values()).count(name)

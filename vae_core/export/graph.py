"""A network as a list of operations on named tensors, before it is written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


class ExportError(ValueError):
    """A model that cannot be written as a network program: the message names the part and the reason."""


@dataclass
class Node:
    """One operation: tensors in, one tensor out."""

    op: str
    inputs: list[str]
    output: str
    shape: tuple[int, ...]
    """Shape of the output without the batch dimension."""
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    """Weights by role (weight, bias, scale, shift), float64 until they are written."""
    settings: dict[str, Any] = field(default_factory=dict)
    activation: tuple[Any, ...] | None = None
    """Name and parameters of a function applied to each value of the result."""
    macs: int = 0
    """Multiply-adds of one run."""


@dataclass
class Graph:
    """Nodes in the order in which they run."""

    inputs: dict[str, tuple[int, ...]]
    nodes: list[Node] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)

    def shape(self, name: str) -> tuple[int, ...]:
        if name in self.inputs:
            return self.inputs[name]
        return next(node.shape for node in self.nodes if node.output == name)

    def add(self, op: str, inputs: list[str], shape: tuple[int, ...], **parts: Any) -> str:
        """Appends a node and returns the name of its output."""
        name = f"t{len(self.nodes)}"
        self.nodes.append(Node(op, inputs, name, tuple(int(side) for side in shape), **parts))
        return name

    def readers(self, name: str) -> int:
        """The number of times that a tensor is read, by nodes and as an output of the graph."""
        return sum(node.inputs.count(name) for node in self.nodes) + list(self.outputs.values()).count(name)

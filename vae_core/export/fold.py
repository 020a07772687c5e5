"""Fewer passes over the same numbers: batch norm into the weights before it, activations into what they follow."""

from __future__ import annotations

from dataclasses import replace

from vae_core.export.graph import Graph, Node

WEIGHTED = ("linear", "conv", "conv_transpose")


def fold(graph: Graph) -> Graph:
    """The same function with affine and copy nodes merged into the node before them, where nothing else reads its result."""
    nodes: list[Node] = []
    renamed: dict[str, str] = {}
    for node in graph.nodes:
        node = replace(node, inputs=[renamed.get(name, name) for name in node.inputs])
        before = next((n for n in nodes if n.output == node.inputs[0]), None)
        # Merged nodes keep their producer's name, so readers are counted under the name they had.
        merged = _merge(before, node) if before is not None and _read_once(graph, node) else None
        if merged is None:
            nodes.append(node)
        else:
            nodes[nodes.index(before)] = merged
            renamed[node.output] = merged.output
    outputs = {name: renamed.get(tensor, tensor) for name, tensor in graph.outputs.items()}
    return Graph(graph.inputs, nodes, outputs)


def _read_once(graph: Graph, node: Node) -> bool:
    original = next(n for n in graph.nodes if n.output == node.output)
    return graph.readers(original.inputs[0]) == 1


def _merge(before: Node, node: Node) -> Node | None:
    if before.activation is not None or before.op == "reshape":
        return None
    if node.op == "copy":
        return replace(before, activation=node.activation)
    if node.op == "affine" and before.op in WEIGHTED:
        scale, shift = node.arrays["scale"], node.arrays["shift"]
        weight, bias = before.arrays["weight"], before.arrays["bias"]
        columns = scale.reshape(-1, *[1] * (weight.ndim - 1))
        return replace(before, arrays={"weight": weight * columns, "bias": bias * scale + shift})
    return None

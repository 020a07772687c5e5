"""Fewer passes over the same numbers: batch norm into the layer before it, activations into what they follow."""

from __future__ import annotations

from dataclasses import replace

from vae_core.export.graph import Graph, Node

WEIGHTED = ("linear", "conv", "conv_transpose")


def fold(graph: Graph) -> Graph:
    """A graph of the same function with affine and copy nodes merged into the node before them, if nothing else reads it."""
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
        # Beside the weight, not within it: weights that were kept as float16 can then be sent as they are.
        arrays = {"scale": before.arrays.get("scale", 1.0) * scale, "bias": before.arrays["bias"] * scale + shift}
        return replace(before, arrays=before.arrays | arrays)
    return None

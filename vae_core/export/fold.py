"""Fewer passes over the same numbers: batch norm into the layer before it, elementwise functions into what they follow."""

from __future__ import annotations

from dataclasses import replace

from vae_core.export.graph import Graph, Node

WEIGHTED = ("linear", "conv", "conv_transpose")
ALIASES = ("reshape", "constant")
"""Operations that write no result of their own, which a function could be applied to in place."""


def fold(graph: Graph) -> Graph:
    """A smaller graph of the same function.

    Nodes whose result is not read are left out. Affine and copy nodes are merged into the node before them, where nothing else
    reads its result.
    """
    kept = _used(graph)
    nodes: list[Node] = []
    at: dict[str, int] = {}
    renamed: dict[str, str] = {}
    for original in kept.nodes:
        node = replace(original, inputs=[renamed.get(name, name) for name in original.inputs])
        before = at.get(node.inputs[0]) if len(node.inputs) == 1 else None
        # Merged nodes keep their producer's name, so readers are counted under the name they had.
        merged = None
        if before is not None and kept.readers(original.inputs[0]) == 1:
            merged = _merge(nodes[before], node)
        if before is None or merged is None:
            at[node.output] = len(nodes)
            nodes.append(node)
        else:
            nodes[before] = merged
            renamed[node.output] = merged.output
    outputs = {name: renamed.get(tensor, tensor) for name, tensor in graph.outputs.items()}
    return Graph(graph.inputs, nodes, outputs)


def _used(graph: Graph) -> Graph:
    wanted = set(graph.outputs.values())
    nodes = []
    for node in reversed(graph.nodes):
        if node.output in wanted:
            nodes.append(node)
            wanted.update(node.inputs)
    return replace(graph, nodes=nodes[::-1])


def _merge(before: Node, node: Node) -> Node | None:
    if before.op in ALIASES:
        return None
    if node.op == "copy":
        return replace(before, activations=before.activations + node.activations)
    weighted = before.op in WEIGHTED and not before.activations and "rows" not in before.settings
    if node.op == "affine" and weighted:
        scale, shift = node.arrays["scale"], node.arrays["shift"]
        # Beside the weight, not within it: weights that were kept as float16 can then be sent as they are.
        arrays = {"scale": before.arrays.get("scale", 1.0) * scale, "bias": before.arrays["bias"] * scale + shift}
        return replace(before, arrays=before.arrays | arrays)
    return None

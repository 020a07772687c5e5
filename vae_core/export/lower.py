"""From a traced module to graph nodes: each torch function that it calls is lowered by the table `OPERATIONS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import fx, nn

from vae_core.export.graph import ExportError, Graph, Ref
from vae_core.export.operations import OPERATIONS
from vae_core.export.operations.call import Call
from vae_core.export.trace import Input, first_sentence, map_nested, name_of, trace


def lower(module: nn.Module, inputs: Mapping[str, Input]) -> Graph:
    """The graph of `module(**inputs)`, which returns one tensor or a dict of named ones; a single one is called `out`.

    Raises ExportError, which names the layer, where the module cannot be traced or calls what has no operation.
    """
    traced, constants = trace(module, inputs)
    graph = Graph({name: tuple(given.shape) for name, given in inputs.items()})
    values: dict[fx.Node, Any] = {}
    for node in traced.nodes:
        if node.op == "placeholder":
            values[node] = Ref(node.target, (1, *inputs[node.target].shape))
        elif node.op == "get_attr":
            values[node] = constants[node.target]
        else:
            args, kwargs = map_nested((node.args, node.kwargs), fx.Node, values.__getitem__)
            if node.op == "output":
                graph.outputs = _outputs(args[0])
            else:
                values[node] = _lowered(graph, node, args, kwargs)
    return graph


def _lowered(graph: Graph, node: fx.Node, args: tuple, kwargs: dict) -> Any:
    name, where = name_of(node.target), _where(node)
    if name not in OPERATIONS:
        raise ExportError(f"{where} calls {name}, which has no operation in a network program.")
    changed = node.args[0] if kwargs.get("inplace") else None
    if isinstance(changed, fx.Node) and len(changed.users) > 1:
        raise ExportError(f"{where} changes a tensor in place that is used elsewhere; leave out inplace=True.")
    try:
        return OPERATIONS[name](Call(graph, node.op, node.target, node.meta["val"]), *args, **kwargs)
    except ExportError as error:
        raise ExportError(f"{where} {error}.") from None
    except Exception as error:
        raise ExportError(f"{where} calls {name} in a way that no network program knows: {first_sentence(error)}.") from error


def _where(node: fx.Node) -> str:
    """The innermost module that makes the call."""
    stack = node.meta.get("nn_module_stack")
    if not stack:
        return "The module"
    path, kind = list(stack.values())[-1]
    return f"{path} ({kind.__name__})"


def _outputs(returned: Any) -> dict[str, str]:
    outputs = returned if isinstance(returned, dict) else {"out": returned}
    for name, value in outputs.items():
        if not isinstance(value, Ref):
            raise ExportError(f"The output {name} does not depend on the input as a tensor.")
    return {name: value.name for name, value in outputs.items()}

"""From a module to the torch functions that it calls, by `torch.fx`.

Every layer of `torch.nn` ends in one torch function, so layers are traced through: `nn.ReLU()`, `F.relu` and `x.relu()` are
recorded alike. What depends only on shapes is known while tracing, so that a module may ask for `x.shape`, loop over
`x.chunk(2, 1)` or make a tensor of zeros for each observation.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.node import map_aggregate

from vae_core.export.graph import ExportError

BATCH = 2
"""Observations in the batch that is traced. Programs run on one; more than one shows what belongs to each."""

_SHAPE_ATTRIBUTES = {"shape", "size", "ndim", "dim", "numel", "nelement", "dtype", "is_floating_point", "is_complex", "layout"}
_FACTORIES = {"zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full"}
_LOCK = threading.Lock()
"""torch.fx replaces methods of `nn.Module` while it traces, so that two traces at a time would put back each other's."""


@dataclass(frozen=True)
class Input:
    """One named input of a program, without the batch."""

    shape: tuple[int, ...]
    integers: bool = False


def zeros(inputs: Mapping[str, Input], device: torch.device | str = "cpu") -> dict[str, Tensor]:
    """A batch of `BATCH` zeros for each input."""
    return {
        name: torch.zeros(BATCH, *given.shape, dtype=torch.int64 if given.integers else torch.float32, device=device)
        for name, given in inputs.items()
    }


def trace(module: nn.Module, inputs: Mapping[str, Input]) -> tuple[fx.Graph, dict[str, Tensor]]:
    """The calls of `module(**inputs)`, and the constants among their arguments by the targets of their `get_attr` nodes.

    The `meta["val"]` of each other node is its result for a batch of `BATCH`, without its values (on torch's meta device).
    Raises ExportError, which names the submodule, where the calls depend on the values of a tensor.
    """
    with _LOCK, torch.no_grad():
        tracer = _Tracer(inputs)
        try:
            graph = tracer.trace(module)
        except ExportError:
            raise
        except Exception as error:
            raise _untraceable(type(module).__name__, error) from error
    graph.eliminate_dead_code()
    return graph, tracer.constants


def run(kind: str, target: Any, args: Any, kwargs: Any) -> Any:
    """The result of the function or method of a node of that kind and target."""
    return getattr(args[0], target)(*args[1:], **kwargs) if kind == "call_method" else target(*args, **kwargs)


def name_of(target: Any) -> str:
    """The name of a function or method: the same for `torch.relu`, `F.relu` and `x.relu()`."""
    name = target if isinstance(target, str) else target.__name__
    return name.strip("_") if name.startswith("__") else name


def map_nested(value: Any, kind: type, f: Callable[[Any], Any]) -> Any:
    """`value` with each object of `kind` within it, in whatever tuples, lists, dicts and slices, replaced."""
    return map_aggregate(value, lambda x: f(x) if isinstance(x, kind) else x)


def _untraceable(where: str, error: Exception) -> ExportError:
    return ExportError(f"{where} cannot be traced: {first_sentence(error)}.")


def first_sentence(error: Exception) -> str:
    """The message of another library's error, without the full stop at its end."""
    text = str(error).strip().partition("\n")[0].partition(". ")[0].rstrip(".")
    return text or type(error).__name__


class _Traced(fx.Proxy):
    """A tensor whose shape and type are known and whose values are not."""

    def __getattr__(self, name: str) -> Any:
        if name in _SHAPE_ATTRIBUTES:
            return getattr(self.node.meta["val"], name)
        if name == "device" and isinstance(self.tracer, _Tracer):
            return self.tracer.device
        return super().__getattr__(name)

    def __len__(self) -> int:
        return len(self.node.meta["val"])

    def __iter__(self) -> Iterator[Any]:
        # Torch asks for this also where a traced tensor is the index of another one.
        raise TypeError("a tensor is iterated over, or is an index; use unbind(1), or torch.nn.functional.embedding")


class _Tracer(fx.Tracer):
    def __init__(self, inputs: Mapping[str, Input]):
        # torch annotates a tuple of exactly one module.
        super().__init__(autowrap_modules=())  # pyright: ignore[reportArgumentType]
        self.inputs = inputs
        self.constants: dict[str, Tensor] = {}
        self.thread = threading.get_ident()

    @property
    def device(self) -> torch.device:
        return next((value.device for value in self.root.parameters()), torch.device("cpu"))

    def create_args_for_root(self, root_fn: Callable, is_module: bool, concrete_args: Any = None) -> tuple[Callable, list]:
        def call(root: nn.Module) -> Any:
            return root_fn(root, **{name: self.create_proxy("placeholder", name, (), {}) for name in self.inputs})

        return call, [self.root]

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return False

    def call_module(self, m: nn.Module, forward: Callable, args: tuple, kwargs: dict) -> Any:
        if threading.get_ident() != self.thread:
            return forward(*args, **kwargs)
        try:
            return super().call_module(m, forward, args, kwargs)
        except ExportError:
            raise
        except Exception as error:
            raise _untraceable(f"{self.path_of_module(m)} ({type(m).__name__})", error) from error

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict) -> Any:
        # Parameters stay tensors: what is computed of them alone is computed here, and other threads need them as they are.
        return attr_val

    def create_arg(self, a: Any) -> Any:
        if not isinstance(a, Tensor):
            return super().create_arg(a)
        name = f"constant{len(self.constants)}"
        self.constants[name] = a
        return self.create_node("get_attr", name, (), {})

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Traced(node, self)

    def create_proxy(self, kind: str, target: Any, args: tuple, kwargs: dict, *rest: Any, **more: Any) -> Any:
        if kind != "placeholder" and name_of(target) in _FACTORIES:
            return run(kind, target, *map_nested((args, kwargs), fx.Proxy, _stand_in))
        proxy = super().create_proxy(kind, target, args, kwargs, *rest, **more)
        value = self._result(kind, target, args, kwargs)
        proxy.node.meta["val"] = map_nested(value, Tensor, lambda tensor: tensor.to("meta"))
        if isinstance(value, Tensor):
            return proxy
        if isinstance(value, tuple | list) and any(isinstance(item, Tensor) for item in value):
            items = [self.create_proxy("call_function", operator.getitem, (proxy, i), {}) for i in range(len(value))]
            return tuple(items) if type(value) in (tuple, list) else type(value)(items)
        return value

    def _result(self, kind: str, target: Any, args: tuple, kwargs: dict) -> Any:
        # Functions are run on zeros and not on the meta device, whose first use imports a large part of torch.
        if kind == "placeholder":
            return zeros({target: self.inputs[target]})[target]
        constants = map_nested((args, kwargs), Tensor, Tensor.cpu)
        return run(kind, target, *map_nested(constants, fx.Proxy, _stand_in))


def _stand_in(proxy: fx.Proxy) -> Any:
    """A result like that of a traced function, with all values 0."""
    return map_nested(proxy.node.meta["val"], Tensor, _filled)


def _filled(value: Tensor) -> Tensor:
    length = 1 + sum((side - 1) * stride for side, stride in zip(value.shape, value.stride(), strict=True))
    return torch.zeros(max(length, 0), dtype=value.dtype).as_strided(value.shape, value.stride())

"""Base class of configurations: validation by annotation, kinds, and an exact JSON round trip."""

from __future__ import annotations

import dataclasses
import functools
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, dataclass_transform


class ConfigError(ValueError):
    """A configuration that cannot be: the message names the field, the value and what is allowed.

    `field`: class and name of the field, as in `TrainConfig.lr`, which the message begins with; empty where it is no one field.
    """

    def __init__(self, message: str, field: str = ""):
        super().__init__(message)
        self.field = field


def require(ok: bool, where: str, value: Any, wanted: object) -> None:
    """Raises ConfigError unless `ok`: "`where` is `value`; it must be `wanted`."."""
    if not ok:
        raise _wrong(where, value, wanted)


def _wrong(where: str, value: Any, wanted: object) -> ConfigError:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return ConfigError(f"{where} is {shown}; it must be {wanted}.", where)


@dataclass_transform(frozen_default=True)
class Config:
    """A frozen dataclass whose fields are checked against their annotations when it is built.

    A subclass with `axis=True` is a choice between kinds and has no instances of its own; its subclasses with `kind=...` are
    the kinds, which JSON tells apart by that name. A kind that another package defines is known as soon as its class exists.
    """

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]
    """Fields by name, which `dataclasses` adds to every subclass."""
    kind: ClassVar[str] = ""
    """Name of the kind; empty for a configuration that has no kinds."""
    kinds: ClassVar[Mapping[str, type[typing.Self]]] = types.MappingProxyType({})
    """Classes of an axis by the names of their kinds; empty for a configuration that has no kinds."""
    rules: ClassVar[tuple[Callable[[Any], None], ...]] = ()
    """Functions of a configuration that raise ConfigError where values that are each allowed do not go together."""

    def __init_subclass__(cls, kind: str = "", axis: bool = False) -> None:
        super().__init_subclass__()
        if axis:
            cls.kinds = {}
        if kind:
            cls.kind = kind
            # A kind whose base is no axis fails here.
            typing.cast(dict, cls.kinds)[kind] = cls
        dataclasses.dataclass(frozen=True)(cls)

    def __post_init__(self) -> None:
        if self.kinds and not self.kind:
            raise TypeError(f"{type(self).__name__} is a choice between kinds; build one of {_listed(self.kinds)}.")
        hints = _hints(type(self))
        for f in dataclasses.fields(self):
            value = _coerce(getattr(self, f.name), hints[f.name], f"{type(self).__name__}.{f.name}")
            object.__setattr__(self, f.name, value)
        for rule in self.rules:
            rule(self)

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers and strings; `from_json` gives back an equal configuration."""
        tag = {"kind": self.kind} if self.kind else {}
        return tag | {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}

    @classmethod
    def from_json(cls, data: Any) -> typing.Self:
        """Raises ConfigError on an unknown key or a value of the wrong type."""
        require(isinstance(data, Mapping), cls.__name__, data, "an object")
        if cls.kinds:
            kind, data = data.get("kind"), {name: value for name, value in data.items() if name != "kind"}
            found = cls.kinds.get(kind) if isinstance(kind, str) else None
            if found is None or not issubclass(found, cls):
                raise _wrong(f"{cls.__name__}.kind", kind, f"one of {_listed(cls.kinds)}")
            cls = found
        names = {f.name for f in dataclasses.fields(cls)}
        unknown = sorted(set(data) - names)
        if unknown:
            known = f"its fields are {', '.join(sorted(names))}" if names else "it has none"
            raise ConfigError(f"{cls.__name__} has no field {unknown[0]!r}; {known}.")
        try:
            return cls(**data)
        except TypeError as error:
            raise ConfigError(f"{cls.__name__}: {error}.") from None

    @classmethod
    def of(cls, kind: str, **fields: Any) -> typing.Self:
        """The configuration of a kind given by name. Raises ConfigError where there is no such kind or field."""
        return cls.from_json({"kind": kind, **fields})

    def replace(self, **changes: Any) -> typing.Self:
        """A copy with other values of some fields."""
        return dataclasses.replace(self, **changes)

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Names of the fields in their order."""
        return tuple(f.name for f in dataclasses.fields(cls))


@functools.cache
def _hints(cls: type[Config]) -> dict[str, Any]:
    return typing.get_type_hints(cls, include_extras=True)


def _listed(names: typing.Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _plain(value: Any) -> Any:
    if isinstance(value, Config):
        return value.to_json()
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _coerce(value: Any, hint: Any, where: str) -> Any:
    """The value as the annotation wants it (a list as a tuple, an object as its dataclass), or ConfigError."""
    origin = typing.get_origin(hint)
    if origin is Annotated:
        inner, *constraints = typing.get_args(hint)
        value = _coerce(value, inner, where)
        for constraint in constraints:
            require(value is None or constraint.allows(value), where, value, constraint)
        return value
    if origin is Literal:
        options = typing.get_args(hint)
        require(value in options, where, value, f"one of {_listed(options)}")
        return value
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        (inner,) = [a for a in typing.get_args(hint) if a is not type(None)]
        return _coerce(value, inner, where)
    if origin is tuple:
        require(isinstance(value, list | tuple), where, value, "a list")
        args = typing.get_args(hint)
        if args[-1] is Ellipsis:
            return tuple(_coerce(v, args[0], where) for v in value)
        require(len(value) == len(args), where, value, f"{len(args)} values")
        return tuple(_coerce(v, a, where) for v, a in zip(value, args, strict=True))
    if isinstance(hint, type) and issubclass(hint, Config):
        return value if isinstance(value, hint) else hint.from_json(value)
    if hint is float:
        require(isinstance(value, int | float) and not isinstance(value, bool), where, value, "a number")
        require(abs(value) <= sys.float_info.max, where, value, "a finite number")
        return float(value)
    require(isinstance(value, hint) and (hint is bool or not isinstance(value, bool)), where, value, f"a {hint.__name__}")
    return value

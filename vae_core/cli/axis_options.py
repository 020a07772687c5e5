"""Options of the axes of a model, derived from the configurations: `--net`, and one option for each field of a kind of net."""

from __future__ import annotations

import argparse
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from vae_core.cli.numbers import several
from vae_core.cli.option_names import option
from vae_core.config import Config, LikelihoodConfig, NetConfig, ObjectiveConfig, PosteriorConfig, StructureConfig
from vae_core.config.descriptions import FieldDescription, described

Kind = TypeVar("Kind", bound=Config)


@dataclass(frozen=True)
class Axis(Generic[Kind]):
    """An axis whose kind or whose fields may be given on a command line."""

    name: str
    """Name of the axis in messages, and of the option of its kind where it has one."""
    config: type[Kind]
    help: str
    """Help of the option of the kind; empty where the kind follows from other options."""


STRUCTURE = Axis("structure", StructureConfig, "")
NET = Axis(
    "net",
    NetConfig,
    "kind of encoder and decoder; if not given residual for images, and with --seconds what this machine trains far enough in "
    "that time, and gru for texts",
)
LIKELIHOOD = Axis(
    "likelihood",
    LikelihoodConfig,
    "p(x|z); bernoulli for grey and gaussian-learned for colour images, categorical for texts if not given",
)
OBJECTIVE = Axis("objective", ObjectiveConfig, "")
POSTERIOR = Axis("posterior", PosteriorConfig, "")
AXES = (STRUCTURE, NET, LIKELIHOOD, OBJECTIVE, POSTERIOR)


def add_axis(parser: argparse._ArgumentGroup, axis: Axis) -> None:
    """Adds the option of an axis and the options of the fields of its kinds."""
    if axis.help:
        parser.add_argument(option(axis.name), choices=list(axis.config.kinds), help=axis.help)
    for name, fields in _fields(axis).items():
        first = next(iter(fields.values()))
        parser.add_argument(option(name), dest=name, help=_help(axis, fields), default=None, **_reader(first))


def fields_of(axis: Axis) -> tuple[str, ...]:
    """Names of the fields of all kinds of an axis."""
    return tuple(_fields(axis))


def given(options: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    """The options of these names that were given."""
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def given_fields(options: argparse.Namespace, axis: Axis, kind: str) -> dict[str, Any]:
    """The fields that were given for a kind of an axis. Raises ValueError where the kind does not have one of them."""
    changes = given(options, fields_of(axis))
    for name in changes:
        if name not in axis.config.kinds[kind].field_names():
            raise ValueError(f"{option(name)} has no effect with {_article(axis.name)} of kind {kind}; leave it out.")
    return changes


def _fields(axis: Axis) -> dict[str, dict[str, FieldDescription]]:
    """Fields of all kinds by name, and for each of them its description in each kind that has it."""
    found: dict[str, dict[str, FieldDescription]] = {}
    for kind, config in axis.config.kinds.items():
        for field in described(config):
            found.setdefault(field.name, {})[kind] = field
    return found


def _help(axis: Axis, fields: Mapping[str, FieldDescription]) -> str:
    """The first sentence of a field's docstring, with the kinds that have it and the value where none is given."""
    text = next(iter(fields.values())).text
    said = text[:1].lower() + text[1:].removesuffix(".").split(". ")[0]
    if axis.help and len(fields) < len(axis.config.kinds):
        said += f" ({', '.join(fields)})"
    defaults = {_shown(field.default) for field in fields.values()}
    if not axis.help:
        said += "; the model's own if not given"
    elif len(defaults) == 1 and defaults != {""}:
        said += f"; {defaults.pop()} if not given"
    # argparse formats help texts with %.
    return said.replace("%", "%%")


def _shown(value: Any) -> str:
    """A default as a person types it; empty for a flag."""
    if isinstance(value, bool):
        return ""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _reader(field: FieldDescription) -> dict[str, Any]:
    if typing.get_origin(field.type) is tuple:
        return {"type": several}
    if typing.get_origin(field.type) is Literal:
        return {"choices": list(typing.get_args(field.type))}
    if field.type is bool:
        return {"action": "store_true"}
    if issubclass(field.type, Config):
        return {"type": field.type.of, "metavar": "{" + ",".join(field.type.kinds) + "}"}
    return {"type": field.type}


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"

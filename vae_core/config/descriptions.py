"""Descriptions of configurations for command lines and forms, from the docstrings beside their fields."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import textwrap
import typing
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any

from vae_core.config.base import Config


@dataclass(frozen=True)
class FieldDescription:
    """One field of a configuration."""

    name: str
    type: Any
    """Type of the values, without constraints."""
    text: str
    """The docstring beside the field in one line; empty where there is none."""
    default: Any
    """The value where none is given; `dataclasses.MISSING` for a field that must be given."""


@functools.cache
def described(config: type[Config]) -> tuple[FieldDescription, ...]:
    """The fields of a configuration in their order."""
    hints = typing.get_type_hints(config, include_extras=True)
    texts = _docstrings(config)
    return tuple(
        FieldDescription(field.name, _bare(hints[field.name]), texts.get(field.name, ""), field.default)
        for field in dataclasses.fields(config)
    )


def _bare(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint


def _docstrings(config: type[Config]) -> dict[str, str]:
    """The string that follows each annotated name in the body of the class."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(config))).body
    found = {}
    body = typing.cast(ast.ClassDef, tree).body
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return found

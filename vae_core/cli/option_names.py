"""Fields of configurations by the options that a person types: `TrainConfig.lr` is `--lr`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from vae_core.config import ConfigError, ModelConfig, TrainConfig, unused

_OPTIONS = {"schedule": "beta-schedule"}
"""Fields whose option has another name."""


def option(field: str) -> str:
    """The option of a field, as in `--free-bits` for `ObjectiveConfig.free_bits`."""
    name = _attribute(field)
    return "--" + _OPTIONS.get(name, name).replace("_", "-")


def _attribute(field: str) -> str:
    return field.rsplit(".", 1)[-1]


def refuse(options: argparse.Namespace, without_effect: dict[str, str]) -> None:
    """Raises ValueError where the option of a field in `without_effect` is given, which says beside what it has none."""
    for field, beside in without_effect.items():
        if getattr(options, _attribute(field), None) is not None:
            raise ValueError(f"{option(field)} has no effect with {beside}; leave it out.")


def refuse_unused(options: argparse.Namespace, model: ModelConfig, train: TrainConfig) -> None:
    """Raises ValueError where an option is given that changes nothing in this model or in this training of it."""
    refuse(options, unused(model, train))


@contextmanager
def option_names(options: argparse.Namespace) -> Iterator[None]:
    """Raises ValueError for a ConfigError, with the option in the place of the field where there is one."""
    try:
        yield
    except ConfigError as error:
        if not error.field or not hasattr(options, _attribute(error.field)):
            raise
        raise ValueError(str(error).replace(error.field, option(error.field), 1)) from None

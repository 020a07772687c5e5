"""Upgrades of checkpoints that earlier versions wrote, one for each version: every file ever written opens for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vae_core.config.version_1 import upgraded_model


@dataclass(frozen=True)
class Upgrade:
    """The step from one version to the next."""

    header: Callable[[dict[str, Any]], dict[str, Any]]
    """Header of the one to header of the other. Raises ValueError on a header that no program of that version wrote."""
    tensors: dict[str, str]
    """New names of tensors by their old ones."""


def _second_header(header: dict[str, Any]) -> dict[str, Any]:
    return header | {"version": 2, "config": upgraded_model(header.get("config", {}))}


UPGRADES = {
    # Configurations had one class for all kinds of an axis, and the statistics of the codes were part of the model.
    1: Upgrade(_second_header, {"model.codes_mean": "codes.mean", "model.codes_covariance": "codes.covariance"}),
}

"""Capabilities of models by name. Commands and pages ask for these and never for the kind of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Capabilities:
    """Capabilities that follow from the parts of a model."""

    rate: bool
    """True if KL(q(z|x) || p(z)) is defined, and with it the ELBO."""
    density: bool
    """True if codes are drawn at random and log q(z|x) and log p(z) are defined, and with them importance-weighted bounds of
    log p(x)."""
    prior: bool
    """True if the model is trained to decode draws from its prior. Without it, a distribution has to be fitted to codes."""
    plane: bool
    """True if codes are points of a continuous space: they can be dragged, averaged, and joined by a path."""
    conditions: Mapping[str, int] = field(default_factory=dict)
    """Names of the categories that the model is given, each with its number of classes."""

"""Capabilities of models by name. Commands and pages ask for these and never for the kind of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SamplerKind = Literal["prior", "codes"]


@dataclass(frozen=True)
class Capabilities:
    """Capabilities that follow from the parts of a model."""

    rate: bool
    """True if KL(q(z|x) || p(z)) is defined, and with it the ELBO."""
    density: bool
    """True if log q(z|x) and log p(z) are defined, and with them importance-weighted bounds of log p(x)."""
    prior: bool
    """True if the model is trained to decode draws from its prior. Without it, a distribution has to be fitted to codes."""
    plane: bool
    """True if codes are vectors of real numbers, through which planes and paths can be laid."""
    fields: tuple[str, ...]
    """Names of the fields that the model generates."""
    conditions: tuple[str, ...]
    """Names of the fields that the model is given."""

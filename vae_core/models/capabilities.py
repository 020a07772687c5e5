"""What can be asked of a model, by name. Commands and pages ask this and never what kind of model it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SamplerKind = Literal["prior", "codes"]


@dataclass(frozen=True)
class Capabilities:
    """What follows from the parts of a model."""

    rate: bool
    """Whether KL(q(z|x) || p(z)) is defined, and with it the ELBO."""
    density: bool
    """Whether log q(z|x) and log p(z) are defined, and with them importance-weighted bounds of log p(x)."""
    prior: bool
    """Whether the model is trained to decode draws from its prior. Without it, a distribution has to be fitted to codes."""
    plane: bool
    """Whether codes are vectors of real numbers, through which planes and paths can be laid."""
    fields: tuple[str, ...]
    """Names of the fields that the model generates."""
    conditions: tuple[str, ...]
    """Names of the fields that the model is given."""

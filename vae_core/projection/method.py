"""Description of a projection method: its parameters, the function that fits it, and the papers that it cites."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Progress = Callable[[float], None]
"""A function that is called with the share of the work that is done, from 0 to 1."""
Fit = Callable[[np.ndarray, dict[str, float], int, Progress], np.ndarray]
"""A function (codes (N, d) float32, parameters, seed, progress) -> points (N, 2)."""
Place = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""A function (codes that were projected (N, d), other codes (M, d)) -> points of the other codes, float32 (M, 2)."""
LEAST_CODES = 5
"""Smallest number of codes that can be projected."""


class ProjectionError(ValueError):
    """Codes or parameters that cannot be projected; the message says why."""


@dataclass(frozen=True)
class Parameter:
    """A number that a person can set."""

    name: str
    title: str
    about: str
    low: float
    high: float
    default: float
    whole: bool = False
    """True if the value is an integer."""


@dataclass(frozen=True)
class Method:
    """A method of projection."""

    title: str
    about: str
    source: str
    """Authors and year of the publication."""
    distribution: str
    """Name of the package that computes the projection. Its version is part of the key of a stored projection."""
    parameters: tuple[Parameter, ...]
    fit: Fit
    place: Place | None = None
    """Function that places other codes exactly, or None where they are placed by their nearest neighbours."""
    least: int = LEAST_CODES
    """Smallest number of different codes that the method needs."""

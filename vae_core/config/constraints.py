"""Constraints on the values of a field, written beside its type: `Annotated[float, Range(0, 1)]`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol


class Constraint(Protocol):
    """A condition on a value of the right type; its text completes "it must be"."""

    def allows(self, value: Any) -> bool:
        """True if the value meets the condition."""
        ...


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, without `low` where it is excluded, and without `high` where that is."""

    low: float
    high: float = math.inf
    unit: str = ""
    without_low: bool = False
    without_high: bool = False

    def allows(self, value: float) -> bool:
        """True if the number is in the range."""
        above = value > self.low if self.without_low else value >= self.low
        return above and (value < self.high if self.without_high else value <= self.high)

    def __str__(self) -> str:
        if self.high == math.inf:
            text = f"above {self.low:.9g}" if self.without_low else f"{self.low:.9g} or more"
        elif self.without_low:
            text = f"above {self.low:.9g} and {'below' if self.without_high else 'at most'} {self.high:.10g}"
        else:
            text = f"from {self.low:.9g} to {'below ' * self.without_high}{self.high:.10g}"
        return f"{text} {self.unit}".rstrip()


@dataclass(frozen=True)
class Each:
    """Lists all of whose numbers are in a range."""

    range: Range

    def allows(self, value: tuple[float, ...]) -> bool:
        """True if every number is in the range."""
        return all(self.range.allows(one) for one in value)

    def __str__(self) -> str:
        return f"{self.range} each"


@dataclass(frozen=True)
class Length:
    """Lists of `low` to `high` numbers."""

    low: int
    high: int

    def allows(self, value: tuple[Any, ...]) -> bool:
        """True if there are neither too few nor too many numbers."""
        return self.low <= len(value) <= self.high

    def __str__(self) -> str:
        return f"{self.low} to {self.high} numbers"


@dataclass(frozen=True)
class OneOf:
    """The given values alone."""

    values: tuple[Any, ...]

    def allows(self, value: Any) -> bool:
        """True if the value is one of `values`."""
        return value in self.values

    def __str__(self) -> str:
        return " or ".join(map(str, self.values))

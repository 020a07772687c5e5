"""What a task is given by its worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Stopped(Exception):
    """Raised by a task that was asked to stop, and did."""


@dataclass(frozen=True)
class Context:
    """A job's folder and arguments, a way to tell of events, and whether someone wants it to stop."""

    folder: Path
    arguments: dict[str, Any]
    tell: Callable[[dict[str, Any]], None]
    should_stop: Callable[[], bool]

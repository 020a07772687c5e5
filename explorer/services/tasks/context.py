"""What a task is given by its worker."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TELL_EVERY = 0.2
"""Seconds between two events of progress."""


class Stopped(Exception):
    """Raised by a task that was asked to stop, and did."""


@dataclass(frozen=True)
class Context:
    """A job's folder and arguments, a way to tell of events, and whether someone wants it to stop."""

    folder: Path
    arguments: dict[str, Any]
    tell: Callable[[dict[str, Any]], None]
    should_stop: Callable[[], bool]

    def progress(self) -> Callable[..., None]:
        """A function that tells of progress, some times a second at most, and raises Stopped where the task should stop."""
        told = 0.0

        def progress(*, last: bool = False, **fields: Any) -> None:
            nonlocal told
            if self.should_stop():
                raise Stopped
            if time.monotonic() - told >= TELL_EVERY or last:
                told = time.monotonic()
                self.tell({"event": "progress", **fields})

        return progress

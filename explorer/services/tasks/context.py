"""The interface between a worker and its task."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRESS_INTERVAL = 0.2
"""Smallest number of seconds between two progress events."""


class Stopped(Exception):
    """Raised by a task that stops because it was asked to."""


@dataclass(frozen=True)
class Context:
    """A job's folder and arguments, a function that emits events, and one that says whether the task should stop."""

    folder: Path
    arguments: dict[str, Any]
    emit: Callable[[dict[str, Any]], None]
    should_stop: Callable[[], bool]

    def progress(self) -> Callable[..., None]:
        """Returns a function that emits progress events, a few per second at most.

        The function raises Stopped where the task should stop.
        """
        emitted = 0.0

        def progress(*, last: bool = False, **fields: Any) -> None:
            nonlocal emitted
            if self.should_stop():
                raise Stopped
            if time.monotonic() - emitted >= PROGRESS_INTERVAL or last:
                emitted = time.monotonic()
                self.emit({"event": "progress", **fields})

        return progress

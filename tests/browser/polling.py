"""Waiting for what no page tells of: processes, files and ports."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from explorer.services.jobs import Job

EVERY = 0.05
"""Seconds between two looks."""

T = TypeVar("T")


def wait_until(condition: Callable[[], T], seconds: float, describe: Callable[[], str] = lambda: "") -> T:
    """The first true value that `condition` returns. Raises TimeoutError with `describe()` where there is none in time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"This has not happened within {seconds:g} s. {describe()}")
        time.sleep(EVERY)
    return found


def wait_for_event(job: Job, name: str, seconds: float = 120) -> None:
    """Waits until a job's worker has written an event of this name. Raises AssertionError where the job ends without it."""

    def written() -> bool:
        return any(event["event"] == name for event in job.events()[0])

    wait_until(lambda: written() or not job.under_way, seconds, job.log)
    assert written(), job.log()

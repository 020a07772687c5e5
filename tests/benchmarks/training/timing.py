"""Runs that take turns, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from training.subprocesses import Subprocess


def in_turns(
    works: dict[str, tuple[Callable[..., None], *tuple[Any, ...]]], steps: int, repeats: int
) -> dict[str, list[float]]:
    """Seconds of each run in each round, after one round of a few steps that does not count.

    A run is what `Apart` takes: a function, and what it is given.
    """
    with ExitStack() as opened:
        runs = {name: opened.enter_context(Subprocess(*work)) for name, work in works.items()}
        for run in runs.values():
            run(min(steps, 5))
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(repeats):
            for name, run in runs.items():
                seconds[name].append(run(steps))
        return seconds


def speeds(seconds: dict[str, list[float]], images: int) -> dict[str, float]:
    """Images a second of each run, from its median round of so many images."""
    return {f"{name}_images_per_second": images / statistics.median(s) for name, s in seconds.items()}


def ratios(seconds: dict[str, list[float]], of: str) -> dict[str, float]:
    """How many times as fast `of` is as each other run: the median over the rounds, each compared within itself."""
    pairs = {name: zip(s, seconds[of], strict=True) for name, s in seconds.items() if name != of}
    return {f"{of}/{name}": statistics.median(a / b for a, b in both) for name, both in pairs.items()}

"""A time budget becomes a number of steps: early in the run, and again wherever the time that a step takes has changed.

The length of a run is a number of steps because the schedules of learning rate and beta depend on the share of it that is done.
"""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections import deque

UNTIMED_STEPS = 3
"""Steps at the start that are not timed, because memory is allocated and code is compiled in them."""
FIRST_STEPS, FIRST_SHARE, FIRST_SECONDS = 20, 0.02, 10.0
"""The time of a step is known after this many steps and this share of the budget or this many seconds, and in any case after a
tenth of the budget."""
WINDOW_SHARE = 0.04
"""Share of the budget after which the time of a step is measured again."""
WINDOWS = 3
"""Measurements whose median counts: a pause of the machine falls into one of them and shortens nothing but the time left."""
CHANGE_SHARE, REST_SHARE, EXCESS_SHARE = 0.01, 0.02, 0.03
"""Shares of the budget: by how much the end of the run has to be off to be moved, how much may be left over when the last step
is done, and by how much the budget may be exceeded before the run ends where it is."""


class TimeBudget:
    """The number of steps of a run that starts at step `first` and at time `now`, and has `budget` seconds.

    The run validates every `validate_every` steps and takes up to `at_once` steps together. Times are seconds on any clock.
    """

    def __init__(self, first: int, now: float, budget: float, validate_every: int, at_once: int = 1):
        self.first, self.budget, self.validate_every = first, budget, validate_every
        self.untimed = max(UNTIMED_STEPS, at_once)
        self._step_seconds: deque[float] = deque(maxlen=WINDOWS)
        self._validation_seconds: deque[float] = deque(maxlen=WINDOWS)
        self._began = self._window_began = now
        self._window_step = first
        self.timed = False
        """True if `step_seconds` is of steps after the first ones, which are slower."""

    @property
    def step_seconds(self) -> float:
        """Seconds that a step takes."""
        return statistics.median_low(self._step_seconds)

    @property
    def validation_seconds(self) -> float:
        """Seconds that a validation takes; 0 until one was timed."""
        return statistics.median_low(self._validation_seconds or [0.0])

    def known(self, step: int, now: float) -> bool:
        """Measures the first steps; whether the time of a step is known, or the budget is too small to wait for that."""
        timed, spent, over = step - self._window_step, now - self._window_began, now - self._began >= self.budget
        if step - self.first <= self.untimed:
            if over:
                self._measure(step, now)
            else:
                self._window_began, self._window_step = now, step
            return over
        enough = timed >= FIRST_STEPS and spent >= min(FIRST_SHARE * self.budget, FIRST_SECONDS)
        if enough or over or spent >= self.budget / 10:
            self.timed = True
            self._measure(step, now)
            return True
        return False

    def expect_validation(self, seconds: float) -> None:
        """Takes note of how long a validation will take, before there has been one."""
        self._validation_seconds.append(seconds)

    def validated(self, seconds: float) -> None:
        """Takes note of a validation, which is no part of what steps take."""
        self._validation_seconds.append(seconds)
        self._window_began += seconds

    def steps(self, step: int, now: float, steps: int) -> int:
        """The number of steps of the run; `steps` is the number so far, 0 where there is none."""
        if not self._step_seconds and step - self.first <= self.untimed:
            # A run that goes on has a length already, and starts up like any other.
            self._window_began, self._window_step = now, step
            return steps
        left, spent = self._began + self.budget - now, now - self._window_began
        if steps and left < -EXCESS_SHARE * self.budget:
            return step
        at_end = bool(steps) and step >= steps
        if at_end and left <= REST_SHARE * self.budget:
            return steps
        if steps and step > self._window_step and spent >= WINDOW_SHARE * self.budget:
            self._measure(step, now)
        elif steps and not at_end:
            return steps
        found = step + self._fitting(step, left)
        off = abs(found - steps) * self.step_seconds
        return found if not steps or off > CHANGE_SHARE * self.budget else steps

    def _measure(self, step: int, now: float) -> None:
        self._step_seconds.append(max((now - self._window_began) / max(1, step - self._window_step), 1e-9))
        self._window_began, self._window_step = now, step

    def _fitting(self, step: int, left: float) -> int:
        """The number of steps that fit into `left` seconds.

        The validations among them, at the end and, where one is due, at `step` take their time.
        """

        def cost(count: int) -> float:
            last = step + count
            validations = last // self.validate_every - (step - 1) // self.validate_every + bool(last % self.validate_every)
            return count * self.step_seconds + validations * self.validation_seconds

        most = max(0, int(left / self.step_seconds))
        return max(0, bisect_right(range(most + 1), left, key=cost) - 1)

"""How long a step takes: a budget in seconds becomes a number of steps by it, early on, and another where the pace changes.

It is a number of steps and no moment, because the schedules of learning rate and beta need to know how much of a run is done.
"""

from __future__ import annotations

UNTIMED = 3
"""The first steps, in which memory is found and code compiled."""
STEPS, SHARE, LONGEST = 20, 0.02, 10.0
"""A pace is known after so many steps and so large a share of the budget or so many seconds; or after a tenth of it."""
LOOK_SHARE, OFF_SHARE = 0.04, 0.01
"""Of the budget: between two looks at the pace, and by how much the end has to be off for another number of steps."""


class Pace:
    """Of a run that goes on from step `first`, has `budget` seconds from `now` on, validates every so many steps, and takes up
    to `at_once` of them together."""

    def __init__(self, first: int, now: float, budget: float, validate_every: int, at_once: int = 1):
        self.first, self.budget, self.validate_every = first, budget, validate_every
        self.untimed = max(UNTIMED, at_once)
        self.step_seconds = self.validation_seconds = 0.0
        self._began = self._from = now
        self._from_step = first

    def known(self, step: int, now: float) -> bool:
        """Whether, at this step, the pace can be relied on, or there is no time to find out."""
        timed, spent = step - self._from_step, now - self._from
        if step - self.first <= self.untimed:
            # At least one step: the rest is then over.
            self.step_seconds = max(now - self._began, 1e-9)
            self._from, self._from_step = now, step
            return now - self._began >= self.budget
        self.step_seconds = max(spent / timed, 1e-9)
        enough = timed >= STEPS and spent >= min(SHARE * self.budget, LONGEST)
        return enough or spent >= self.budget / 10 or now - self._began >= self.budget

    def validated(self, seconds: float) -> None:
        """A validation took so long: not part of what steps take."""
        self.validation_seconds = seconds
        self._from += seconds

    def steps(self, step: int, now: float, steps: int) -> int:
        """The number of steps of the run; `steps` (0: none yet) where that is near enough or it is too early to look again."""
        spent, timed = now - self._from, step - self._from_step
        if steps:
            # Near the end there is less to be told from, and less to be put right.
            if spent < LOOK_SHARE * self.budget or not timed:
                return steps
            self.step_seconds = max(spent / timed, 1e-9)
        self._from, self._from_step = now, step
        left = self._began + self.budget - now
        found = step + self._fitting(step, left)
        off = abs(found - steps) * self.step_seconds
        return found if not steps or off > OFF_SHARE * self.budget else steps

    def _fitting(self, step: int, left: float) -> int:
        """Steps that fit in, with the validations among them and the one at the end."""
        fit = left / self.step_seconds
        for _ in range(3):
            last = step + max(0, int(fit))
            among = last // self.validate_every - step // self.validate_every + bool(last % self.validate_every)
            fit = (left - among * self.validation_seconds) / self.step_seconds
        return max(0, int(fit))

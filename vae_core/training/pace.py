"""How long a step takes: a budget in seconds becomes a number of steps by it, once and early, and stays that number."""

from __future__ import annotations

UNTIMED = 3
"""The first steps, in which memory is found and code compiled."""
STEPS, SHARE, LONGEST = 20, 0.02, 10.0
"""A pace is known after so many steps and so large a share of the budget or so many seconds; or after a tenth of it."""


class Pace:
    """Of a run that goes on from step `first`."""

    def __init__(self, first: int, now: float):
        self.first = first
        self.seconds = 0.0
        """A step."""
        self._began = now
        self._from = now

    def known(self, step: int, now: float, budget: float) -> bool:
        """Whether, at this step, `seconds` can be relied on, or there is no time to find out."""
        timed = step - self.first - UNTIMED
        spent = now - self._from
        if timed <= 0:
            self._from = now
            # At least one step: the rest is then over.
            self.seconds = max(now - self._began, 1e-9)
            return now - self._began >= budget
        self.seconds = max(spent / timed, 1e-9)
        enough = timed >= STEPS and spent >= min(SHARE * budget, LONGEST)
        return enough or spent >= budget / 10 or now - self._began >= budget

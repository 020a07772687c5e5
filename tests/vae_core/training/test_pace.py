"""A budget in seconds is kept, whatever the first steps cost and however many are taken together."""

from __future__ import annotations

import pytest

from vae_core.training.pace import Pace


@pytest.mark.parametrize("at_once", [1, 16])
@pytest.mark.parametrize(("first", "each", "later"), [(0.01, 0.01, 0.01), (0.7, 0.0006, 0.0006), (1.5, 0.004, 0.003)])
def test_a_budget_is_kept(at_once, first, each, later):
    # The steps that are taken first cost more; from the middle of the budget on the machine has another pace.
    budget, validate_every, validation = 10.0, 400, 0.02
    now, step, length = 0.0, 0, 0
    pace = Pace(0, now, budget, validate_every, at_once)
    while not length or step < length:
        due = validate_every - step % validate_every
        due = min(due, length - step) if length else due
        taken = min(at_once, due)
        now += taken * (each if now < budget / 2 else later) + (first if step == 0 else 0)
        step += taken
        if length:
            length = pace.steps(step, now, length)
        elif pace.known(step, now):
            pace.validation_seconds = validation
            length = pace.steps(step, now, 0)
        if step % validate_every == 0 or step == length:
            now += validation
            pace.validated(validation)
    assert now == pytest.approx(budget, rel=0.05)

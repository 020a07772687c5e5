"""A time budget is used up and kept, whatever the first steps cost, whoever else uses the machine and however it pauses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vae_core.training.time_budget import TimeBudget


def simulated(
    budget: float,
    step_seconds: Callable[[float], float],
    *,
    first: float = 0.0,
    pauses: tuple[tuple[float, float], ...] = (),
    validation: float = 0.02,
    validate_every: int = 400,
    at_once: int = 1,
    length: int = 0,
) -> tuple[float, int]:
    """The time at the end of a run on a simulated clock, and its steps.

    Pauses are (from, seconds), in steps or validations. length: steps of a run that goes on; 0 for a new one.
    """
    clock, step, waiting = 0.0, 0, list(pauses)
    time_budget = TimeBudget(0, clock, budget, validate_every, at_once)

    def spend(seconds: float) -> float:
        nonlocal clock
        began = clock
        clock += seconds
        while waiting and waiting[0][0] <= clock:
            clock += waiting.pop(0)[1]
        return clock - began

    while not length or step < length:
        due = validate_every - step % validate_every
        due = min(due, length - step) if length else due
        taken = min(at_once, due)
        spend(taken * step_seconds(clock) + (first if step == 0 else 0))
        step += taken
        if length:
            length = time_budget.steps(step, clock, length)
        elif time_budget.known(step, clock):
            time_budget.expect_validation(validation)
            length = time_budget.steps(step, clock, 0)
        if step % validate_every == 0 or step == length:
            time_budget.validated(spend(validation))
    return clock, step


@pytest.mark.parametrize("at_once", [1, 16])
@pytest.mark.parametrize(("first", "each", "later"), [(0.01, 0.01, 0.01), (0.7, 0.0006, 0.0006), (1.5, 0.004, 0.003)])
def test_a_budget_is_kept(at_once, first, each, later):
    end, _ = simulated(10.0, lambda now: each if now < 5 else later, first=first, at_once=at_once)
    assert end == pytest.approx(10.0, rel=0.05)


@pytest.mark.parametrize("budget", [40.0, 60.0])
@pytest.mark.parametrize("begins", [0.05, 0.5, 2.0, 9.0, 18.0, 30.0])
@pytest.mark.parametrize("seconds", [1.0, 6.0])
@pytest.mark.parametrize("each", [0.004, 0.09, 0.7])
def test_a_pause_shortens_no_run(budget, begins, seconds, each):
    end, steps = simulated(budget, lambda now: each, pauses=((begins, seconds),), validate_every=50)
    assert end == pytest.approx(budget, rel=0.05, abs=2 * each)
    assert steps * each > 0.9 * (budget - seconds)


@pytest.mark.parametrize("validation", [0.05, 1.5])
def test_a_pause_in_a_validation_is_not_taken_for_its_usual_time(validation):
    # The pause begins within the first validation, which comes after 20 steps of 0.1 s.
    end, _ = simulated(40.0, lambda now: 0.1, pauses=((2.01, 6.0),), validation=validation, validate_every=20)
    assert end == pytest.approx(40.0, rel=0.05)


def test_several_pauses_shorten_no_run():
    pauses = tuple((at, 2.0) for at in (3.0, 11.0, 22.0, 33.0, 48.0))
    end, _ = simulated(60.0, lambda now: 0.05, pauses=pauses, validate_every=100)
    assert end == pytest.approx(60.0, rel=0.05)


@pytest.mark.parametrize(("before", "after"), [(0.02, 0.06), (0.06, 0.02), (0.01, 0.1)])
@pytest.mark.parametrize("change", [0.1, 0.5, 0.8])
def test_a_change_of_pace_is_followed(before, after, change):
    end, _ = simulated(40.0, lambda now: before if now < 40 * change else after, validate_every=100)
    assert end == pytest.approx(40.0, rel=0.05)


def test_a_budget_of_less_than_a_few_steps_takes_one():
    assert simulated(0.1, lambda now: 5.0)[1] == 1


@pytest.mark.parametrize("at_once", [1, 16])
def test_the_time_of_the_first_steps_is_not_called_timed(at_once):
    time_budget = TimeBudget(0, 0.0, 10.0, 100, at_once)
    assert time_budget.known(at_once, 12.0) and not time_budget.timed
    time_budget = TimeBudget(0, 0.0, 10.0, 100, at_once)
    assert not time_budget.known(max(3, at_once), 9.0) and not time_budget.timed
    assert time_budget.known(max(3, at_once) + at_once, 11.0) and time_budget.timed


@pytest.mark.parametrize("first", [2.0, 5.0])
def test_the_first_step_of_a_run_that_goes_on_is_not_timed(first):
    end, steps = simulated(10.0, lambda now: 0.1, first=first, length=60)
    assert end == pytest.approx(10.0, rel=0.05) and steps > 0.9 * (10 - first) / 0.1


def test_a_validation_that_is_due_is_counted():
    end, _ = simulated(20.0, lambda now: 0.01, validation=3.0, validate_every=100)
    assert end == pytest.approx(20.0, rel=0.05)

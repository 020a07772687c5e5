"""Weights and learning rates over a run."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_core.config import ConstantSchedule, CyclicalSchedule, LinearSchedule
from vae_core.models.objectives.schedules import learning_rate, weight

progress = st.floats(0, 1)
shares = st.floats(0.01, 1)


schedules = (
    st.just(ConstantSchedule()) | st.builds(LinearSchedule, shares) | st.builds(CyclicalSchedule, shares, st.integers(1, 20))
)


@given(schedules, progress)
def test_a_weight_is_a_share_and_ends_whole(config, at):
    assert 0 <= weight(config, at) <= 1
    assert weight(config, 1.0) == 1


@given(shares, progress, progress)
def test_linear_only_rises(share, a, b):
    config = LinearSchedule(share)
    assert weight(config, min(a, b)) <= weight(config, max(a, b))


def test_linear_rises_in_a_straight_line_over_its_share():
    config = LinearSchedule(0.4)
    assert [weight(config, p) for p in (0, 0.1, 0.2, 0.4, 0.9)] == pytest.approx([0, 0.25, 0.5, 1, 1])


def test_constant_is_whole_from_the_start():
    assert weight(ConstantSchedule(), 0.0) == 1


def test_cyclical_rises_anew_in_each_part():
    """Four cycles, the weight whole after half of each (Fu et al. 2019, with M = 4 and R = 0.5)."""
    config = CyclicalSchedule(0.5, 4)
    for start in (0, 0.25, 0.5, 0.75):
        seen = [weight(config, start + p) for p in (0, 0.0625, 0.125, 0.24)]
        assert seen == pytest.approx([0, 0.5, 1, 1])


@given(st.sampled_from(["one-cycle", "cosine", "constant"]), st.floats(0, 0.99), progress)
def test_a_learning_rate_is_a_share_of_its_peak(kind, warmup, at):
    assert 0 <= learning_rate(kind, warmup, at) <= 1


@pytest.mark.parametrize("kind", ["one-cycle", "cosine"])
@pytest.mark.parametrize("warmup", [0.0, 0.2, 0.7])
def test_learning_rates_rise_to_the_peak_and_fall_to_almost_nothing(kind, warmup):
    rates = [learning_rate(kind, warmup, i / 1000) for i in range(1001)]
    peak = round(warmup * 1000)
    assert rates[peak] == pytest.approx(1)
    assert rates[: peak + 1] == sorted(rates[: peak + 1]) and rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == 1e-5
    assert max(abs(a - b) for a, b in itertools.pairwise(rates)) < 0.02


def test_learning_rates_start_where_they_say():
    assert learning_rate("one-cycle", 0.3, 0.0) == pytest.approx(1 / 25)
    assert learning_rate("one-cycle", 0.3, 0.15) == pytest.approx((1 + 1 / 25) / 2)
    assert learning_rate("cosine", 0.3, 0.0) == pytest.approx(0.04)
    assert learning_rate("cosine", 0.3, 0.15) == pytest.approx(0.52)
    assert learning_rate("constant", 0.3, 0.0) == learning_rate("constant", 0.3, 1.0) == 1

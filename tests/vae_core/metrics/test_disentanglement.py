"""Disentanglement scores on codes of which the answer is known."""

from __future__ import annotations

import importlib
import math

import numpy as np
import pytest

from vae_core.metrics.disentanglement import (
    MOST,
    _concentration,
    disentanglement,
    mutual_information_gaps,
    separated_attribute_gaps,
)

NAMES = ("shape", "size", "x", "y")
SIZES = (3, 6, 10, 8)


@pytest.fixture(scope="module")
def factors() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([rng.integers(0, size, 3000) for size in SIZES], 1)


@pytest.fixture(scope="module")
def oracle(factors) -> np.ndarray:
    """Each factor on one dimension of its own, in another order, scaled and turned round, beside two of pure noise."""
    rng = np.random.default_rng(1)
    known = factors[:, [2, 0, 3, 1]] * np.array([0.3, -1.0, 2.0, 1.0]) + rng.normal(0, 0.01, (3000, 4))
    return np.concatenate([known, rng.normal(size=(3000, 2))], 1)


@pytest.fixture(scope="module")
def scores(factors, oracle) -> dict[str, dict]:
    rng = np.random.default_rng(2)
    angle = math.radians(20)
    turned = (oracle - oracle.mean(0)) / oracle.std(0)
    for i, j in ((0, 1), (2, 3)):
        a, b = turned[:, i].copy(), turned[:, j].copy()
        turned[:, i], turned[:, j] = math.cos(angle) * a + math.sin(angle) * b, math.cos(angle) * b - math.sin(angle) * a
    codes = {"oracle": oracle, "turned": turned, "noise": rng.normal(size=(3000, 6))}
    return {name: disentanglement(c, factors, NAMES) for name, c in codes.items()}


def test_perfect_codes_score_near_their_best(scores):
    best = scores["oracle"]
    assert min(best["mig"], best["dci_disentanglement"], best["dci_completeness"], best["dci_informativeness"]) > 0.97
    # Even a useless dimension is right once in as many guesses as a factor has values.
    assert best["sap"] == pytest.approx(1 - np.mean([1 / s for s in SIZES]), abs=0.05)


def test_noise_scores_near_nothing(scores):
    worst = scores["noise"]
    assert max(worst["mig"], worst["dci_disentanglement"], worst["dci_completeness"], worst["sap"]) < 0.06
    assert worst["dci_informativeness"] == pytest.approx(np.mean([1 / s for s in SIZES]), abs=0.05)


@pytest.mark.parametrize("score", ["mig", "dci_disentanglement", "dci_completeness", "sap"])
def test_turned_codes_lie_between(scores, score):
    assert scores["noise"][score] + 0.05 < scores["turned"][score] < scores["oracle"][score] - 0.05


def test_turning_codes_mixes_them_but_loses_nothing(scores):
    assert scores["turned"]["dci_informativeness"] > 0.97


def test_dci_tells_shared_dimensions_from_scattered_factors(factors):
    """Two factors on one dimension: not disentangled, but complete. One factor on two dimensions: the other way round."""
    noise = np.random.default_rng(3).normal(size=(3000, 2))
    shared = np.stack([factors[:, 0] + 3 * factors[:, 1], *noise.T], 1)
    together = disentanglement(shared, factors[:, :2], NAMES[:2])
    assert together["dci_completeness"] > 0.9 and together["dci_disentanglement"] < 0.1
    scattered = np.stack([factors[:, 0], factors[:, 1] // 3, factors[:, 1] % 3], 1).astype(float)
    apart = disentanglement(scattered, factors[:, :2], NAMES[:2])
    assert apart["dci_disentanglement"] > 0.95 and apart["dci_completeness"] < 0.75


def test_scores_repeat_and_are_plain_floats(scores, oracle, factors):
    assert disentanglement(oracle, factors, NAMES, seed=0) == scores["oracle"]
    kinds = {"mig_by_factor": dict, "mig_bins": int}
    assert all(type(v) is kinds.get(k, float) for k, v in scores["oracle"].items())
    assert {type(v) for v in scores["oracle"]["mig_by_factor"].values()} == {float}


def test_mig_is_the_mean_of_its_factors(scores):
    for found in scores.values():
        assert list(found["mig_by_factor"]) == list(NAMES) and found["mig_bins"] == 20
        assert np.mean(list(found["mig_by_factor"].values())) == pytest.approx(found["mig"])


def test_mig_is_its_formula():
    """Two binary factors; dimension 0 is factor 0, dimension 1 is factor 0 with every fourth image wrong."""
    factor = np.tile([0, 0, 0, 0, 1, 1, 1, 1], 50)
    copied = np.tile([0, 0, 0, 1, 1, 1, 1, 0], 50)
    other = np.tile([0, 1], 200)
    gaps = mutual_information_gaps(np.stack([factor, copied], 1).astype(float), np.stack([factor, other], 1))
    noisy = math.log(2) + 0.75 * math.log(0.75) + 0.25 * math.log(0.25)
    crossed = {(a, b): np.mean((copied == a) & (other == b)) for a in (0, 1) for b in (0, 1)}
    second = sum(p * math.log(p / 0.25) for p in crossed.values() if p)
    np.testing.assert_allclose(gaps, [(math.log(2) - noisy) / math.log(2), second / math.log(2)], atol=1e-12)


def test_mig_of_more_values_than_bins_is_capped():
    values = np.repeat(np.arange(40), 50)
    codes = np.stack([values, np.tile(np.arange(50), 40)], 1).astype(float)
    assert mutual_information_gaps(codes, values[:, None])[0] == pytest.approx(math.log(20) / math.log(40))


def test_sap_tells_a_middle_value_by_two_thresholds():
    values = np.tile([0, 1, 2], 400)
    codes = np.stack([values, np.zeros(1200)], 1).astype(float)
    assert separated_attribute_gaps(codes, values[:, None])[0] == pytest.approx(2 / 3, abs=1e-12)


def test_concentration_is_one_less_the_entropy():
    mixed = 1 - (0.75 * math.log(4 / 3) + 0.25 * math.log(4)) / math.log(2)
    # Rows of weight 1, 2 and 0: one factor alone, a mixture, and a dimension that is not used.
    assert _concentration(np.array([[0, 1], [1.5, 0.5], [0, 0]])) == pytest.approx((1 + 2 * mixed) / 3)
    assert _concentration(np.zeros((2, 2))) == 0


def test_a_factor_that_never_varies_is_left_out(oracle, factors, scores):
    constant = np.concatenate([factors, np.full((3000, 1), 7)], 1)
    assert disentanglement(oracle, constant, (*NAMES, "colour")) == scores["oracle"]


def test_scores_that_need_two_are_none_for_one(factors):
    one_dimension = disentanglement(factors[:, :1], factors, NAMES)
    assert {k for k, v in one_dimension.items() if v is None} == {"mig", "sap", "dci_completeness"}
    one_factor = disentanglement(factors.astype(float), factors[:, :1], NAMES[:1])
    assert {k for k, v in one_factor.items() if v is None} == {"dci_disentanglement"}


def test_many_images_are_thinned_alike_in_codes_and_factors(monkeypatch):
    seen = []

    def watch(codes, factors, seed):
        seen.append((codes.copy(), factors.copy()))
        return np.ones((1, 1)), np.ones(1)

    # The package has a function of the module's name.
    monkeypatch.setattr(importlib.import_module("vae_core.metrics.disentanglement"), "_forests", watch)
    numbers = np.arange(3 * MOST)[:, None]
    disentanglement(numbers.astype(float), numbers, ["a"])
    codes, factors = seen[0]
    assert len(codes) == MOST == len(np.unique(codes)) and np.array_equal(codes, factors)
    assert codes.max() > 2 * MOST


@pytest.mark.parametrize(
    ("codes", "factors", "names", "said"),
    [
        (np.zeros((5, 2)), np.zeros((4, 1), int), ["a"], "same N images"),
        (np.zeros((5, 2)), np.zeros((5, 1), int), ["a", "b"], "2 names"),
        (np.zeros((5, 2)), np.zeros((5, 1), int), ["colour"], "colour"),
        (np.full((5, 2), np.nan), np.arange(5)[:, None], ["a"], "finite"),
    ],
)
def test_what_does_not_fit_is_refused(codes, factors, names, said):
    with pytest.raises(ValueError, match=said):
        disentanglement(codes, factors, names)

"""Directions between groups of codes, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

RNG = np.random.default_rng(0)
CODES = RNG.normal(0, 1, (30, 4)).astype(np.float32)
MODEL = {"codes": CODES.ravel().tolist(), "latent": 4}
MODULE = "latent_pad/arithmetic.js"
PLAIN = "((found) => found && [...found])"


def test_a_direction_goes_from_mean_to_mean(evaluate) -> None:
    found = evaluate(MODULE, f"{PLAIN}(it.direction(model, [0, 1, 2], [3, 9]))", model=MODEL)
    np.testing.assert_allclose(found, CODES[[3, 9]].mean(0) - CODES[:3].mean(0), atol=1e-6)


@pytest.mark.parametrize(("a", "b"), [([], [1]), ([1], []), ([4, 5], [5, 4])])
def test_groups_without_a_direction(a, b, evaluate) -> None:
    assert evaluate(MODULE, f"{PLAIN}(it.direction(model, a, b))", model=MODEL, a=a, b=b) is None


def test_what_is_left_is_at_right_angles_and_nothing_more_is_taken(evaluate) -> None:
    one, *others = RNG.normal(0, 1, (3, 4))
    others.append(others[0] + others[1])  # One that says nothing new.
    given = {"one": one.tolist(), "others": [other.tolist() for other in others]}
    found = np.array(evaluate(MODULE, f"{PLAIN}(it.orthogonalised(one, others))", **given))
    basis = np.linalg.qr(np.array(others[:2]).T)[0]
    np.testing.assert_allclose(found, one - basis @ (basis.T @ one), atol=1e-6)
    assert evaluate(MODULE, f"{PLAIN}(it.orthogonalised(others[0], others))", **given) is None

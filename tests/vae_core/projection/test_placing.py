"""Other codes are placed among their neighbours, and codes that were projected where they were."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from vae_core.projection import Projection, project
from vae_core.projection.placing import geometric_median

SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("umap", "tsne")]


def by_hand(codes: np.ndarray, points: np.ndarray) -> Projection:
    """A projection with the points that are given."""
    return Projection(codes.astype(np.float32), points.astype(np.float32), "umap", {}, 0)


@pytest.mark.parametrize("method", ["pca", *SLOW])
def test_a_projected_code_is_placed_where_it_was_drawn(codes, projected, method):
    found = projected(method)
    np.testing.assert_allclose(found.place(codes[::7]), found.points[::7], atol=1e-3)


def test_a_place_is_the_weighted_geometric_median_of_its_neighbours():
    codes = np.array([[0.0], [1.0], [2.0], [4.0]])
    points = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 30.0], [99.0, 99.0]])
    # Distances 0.9, 0.1, 1.1 and 3.1: the farthest has no weight.
    weights = 1 / np.array([0.9, 0.1, 1.1, 3.1]) - 1 / 3.1
    weights[1] = 0.7
    place = geometric_median(points[None], weights[None] / weights.sum())[0]
    grid = np.stack(np.meshgrid(np.linspace(-1, 12, 261), np.linspace(-1, 31, 321), indexing="ij"), -1)
    cost = sum(weight * np.linalg.norm(grid - point, axis=-1) for weight, point in zip(weights, points, strict=True))
    expected = grid[np.unravel_index(cost.argmin(), cost.shape)]
    np.testing.assert_allclose(place, expected, atol=0.1)
    # The nearest has more than half of the weight, and with it the median.
    np.testing.assert_allclose(by_hand(codes, points).place(np.array([[0.9]])), [points[1]], atol=1e-3)


def test_a_place_is_in_one_of_two_groups_and_not_between_them():
    codes = np.array([[1.0], [2.0], [3.0], [-1.5], [-2.5], [9.0]])
    points = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [80.0, 0.0], [80.0, 1.0], [40.0, 40.0]])
    assert np.abs(by_hand(codes, points).place(np.array([[0.0]]))).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_other_codes_are_placed_among_their_own_class(method):
    digits = load_digits()
    codes = PCA(16, random_state=0).fit_transform(digits.data).astype(np.float32)
    known, new, labels, wanted = codes[:1000], codes[1000:], digits.target[:1000], digits.target[1000:]
    found = project(known, method)
    at_nearest = found.points[np.linalg.norm(new[:, None] - known, axis=2).argmin(1)]

    def accuracy(points: np.ndarray) -> float:
        return KNeighborsClassifier(5).fit(found.points, labels).score(points, wanted)

    assert accuracy(found.place(new)) >= accuracy(at_nearest)


def test_a_place_moves_without_jumps():
    rng = np.random.default_rng(2)
    found = by_hand(rng.normal(size=(400, 2)), rng.normal(size=(400, 2)))
    way = np.stack([np.linspace(-1, 1, 4001), np.full(4001, 0.1)], 1)
    # A jump of the plain mean of neighbours would be as large at any step; here it falls with the step.
    coarse = np.linalg.norm(np.diff(found.place(way[::10]), axis=0), axis=1).max()
    fine = np.linalg.norm(np.diff(found.place(way), axis=0), axis=1).max()
    assert fine < 0.3 * coarse


def test_codes_that_are_all_one_have_a_place():
    found = by_hand(np.ones((20, 3)), np.tile([[2.0, 5.0]], (20, 1)))
    np.testing.assert_allclose(found.place(np.array([[1.0, 1, 1], [4, 4, 4]])), [[2, 5], [2, 5]])

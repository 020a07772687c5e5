"""Paths between pins, against independent formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse.csgraph import dijkstra
from sklearn.neighbors import NearestNeighbors

from vae_core.models.spaces import Euclidean

ROUTE = """{
  const typed = (list) => Float32Array.from(list);
  const way = it.interpolation(kind, typed(a), typed(b), { codes: typed(codes), latent: a.length });
  return shares.map((share) => [...way(share)]);
}"""
SHARES = [0, 0.1, 0.25, 0.5, 0.9, 1]


def walked(evaluate, kind: str, a, b, codes=(), shares=SHARES) -> np.ndarray:
    given = {"kind": kind, "codes": np.ravel(codes).tolist(), "shares": shares}
    return np.array(evaluate("latent_pad/interpolation.js", ROUTE, a=list(map(float, a)), b=list(map(float, b)), **given))


@pytest.mark.parametrize("kind", ["linear", "spherical"])
def test_agrees_with_the_package(kind: str, evaluate) -> None:
    a, b = np.random.default_rng(0).normal(0, 1, (2, 5)).astype(np.float32)
    steps = 11
    wanted = Euclidean(5).path(torch.from_numpy(a), torch.from_numpy(b), steps, kind).numpy()
    np.testing.assert_allclose(walked(evaluate, kind, a, b, shares=np.linspace(0, 1, steps).tolist()), wanted, atol=1e-5)


@pytest.mark.parametrize("kind", ["linear", "spherical", "data"])
@pytest.mark.parametrize(("a", "b"), [([1, 0], [2, 0]), ([1, 0], [-1, 0]), ([1, 1], [1, 1]), ([0, 0], [1, 2])])
def test_ends_are_the_pins_whatever_they_are(kind: str, a, b, evaluate) -> None:
    found = walked(evaluate, kind, a, b)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[[0, -1]], [a, b], atol=1e-6)


def test_the_way_over_the_data_is_the_shortest(evaluate) -> None:
    rng = np.random.default_rng(1)
    angles = rng.uniform(0, 1.5 * np.pi, 400)
    codes = np.stack([np.cos(angles), np.sin(angles)], 1) + rng.normal(0, 0.05, (400, 2))
    codes = codes.astype(np.float32).astype(float)
    a, b = codes[angles.argmin()], codes[angles.argmax()]
    graph = NearestNeighbors(n_neighbors=10).fit(codes).kneighbors_graph(mode="distance")
    length = dijkstra(graph.maximum(graph.T), indices=angles.argmin())[angles.argmax()]
    found = walked(evaluate, "data", a, b, codes, np.linspace(0, 1, 400).tolist())
    walk = np.linalg.norm(np.diff(found, axis=0), axis=1)
    # Corners are cut a little by the steps.
    assert 0.995 * length <= walk.sum() <= length * (1 + 1e-6)
    assert walk.max() < 2 * walk.mean()
    # It keeps to the arc, where a straight line would cross the hole.
    assert np.linalg.norm(found, axis=1).min() > 0.75


def test_groups_that_no_way_joins_are_joined_straight(evaluate) -> None:
    codes = np.concatenate([np.random.default_rng(2).normal(0, 0.1, (30, 2)), np.random.default_rng(3).normal(9, 0.1, (30, 2))])
    found = walked(evaluate, "data", [0, 0], [9, 9], codes)
    np.testing.assert_allclose(found, np.multiply.outer(SHARES, [9, 9]), atol=1e-5)

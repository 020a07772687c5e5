"""Paths, distances and planes in R^d."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_core.models.spaces import Euclidean

KINDS = ["linear", "spherical"]
numbers = st.floats(-10, 10, width=32)
pairs = st.integers(1, 6).flatmap(lambda d: st.tuples(*[st.lists(numbers, min_size=d, max_size=d).map(torch.tensor)] * 2))


@settings(max_examples=100, deadline=None)
@given(pairs, st.integers(2, 12), st.sampled_from(KINDS))
def test_a_path_has_both_ends_and_no_surprises(pair, steps, kind):
    a, b = pair
    path = Euclidean(len(a)).path(a, b, steps, kind)
    assert path.shape == (steps, len(a)) and bool(torch.isfinite(path).all())
    torch.testing.assert_close(path[0], a, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(path[-1], b, rtol=1e-4, atol=1e-4)
    assert float(path.norm(dim=1).max()) <= max(float(a.norm()), float(b.norm())) * 1.001 + 1e-4


def test_linear_is_a_straight_line():
    path = Euclidean(2).path(torch.tensor([0.0, 1.0]), torch.tensor([4.0, -1.0]), 5, "linear")
    torch.testing.assert_close(path, torch.tensor([[0.0, 1], [1, 0.5], [2, 0], [3, -0.5], [4, -1]]))


@pytest.mark.parametrize("degrees", [1, 30, 90, 150, 179])
def test_spherical_turns_evenly_and_keeps_an_equal_norm(degrees):
    angle = math.radians(degrees)
    a, b = 3 * torch.tensor([1.0, 0]), 3 * torch.tensor([math.cos(angle), math.sin(angle)])
    path = Euclidean(2).path(a, b, 7, "spherical")
    torch.testing.assert_close(path.norm(dim=1), torch.full((7,), 3.0), rtol=1e-4, atol=0)
    turned = torch.atan2(path[:, 1], path[:, 0])
    torch.testing.assert_close(turned, torch.linspace(0, angle, 7), rtol=1e-3, atol=1e-4)


def test_spherical_changes_the_norm_evenly():
    path = Euclidean(3).path(torch.tensor([2.0, 0, 0]), torch.tensor([0, 0, 6.0]), 5, "spherical")
    torch.testing.assert_close(path.norm(dim=1), torch.tensor([2.0, 3, 4, 5, 6]))


def test_spherical_keeps_the_norm_of_high_dimensions_that_a_line_cuts_short():
    a, b = torch.randn(2, 512, generator=torch.Generator().manual_seed(0))
    space = Euclidean(512)
    middle = {kind: float(space.path(a, b, 3, kind)[1].norm()) for kind in KINDS}
    assert middle["spherical"] == pytest.approx((float(a.norm()) + float(b.norm())) / 2, rel=1e-4)
    assert middle["linear"] < 0.8 * middle["spherical"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1.0, 2.0], [-1.0, -2.0]),
        ([0.0, 0.0], [1.0, 2.0]),
        ([1.0, 2.0], [0.0, 0.0]),
        ([0.0, 0.0], [0.0, 0.0]),
        ([1.0, 2.0],) * 2,
    ],
    ids=["opposite", "from zero", "to zero", "zero", "equal"],
)
def test_where_no_great_circle_is_the_way_spherical_is_the_line(a, b):
    a, b = torch.tensor(a), torch.tensor(b)
    space = Euclidean(2)
    torch.testing.assert_close(space.path(a, b, 5, "spherical"), space.path(a, b, 5, "linear"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_path_keeps_the_precision_of_its_ends(kind):
    a, b = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    assert Euclidean(2).path(a, b, 3, kind).dtype == torch.float64


def test_impossible_paths_are_refused():
    a = torch.zeros(2)
    with pytest.raises(ValueError, match="2 steps"):
        Euclidean(2).path(a, a, 1, "linear")
    with pytest.raises(ValueError, match="round"):
        Euclidean(2).path(a, a, 3, "round")


def test_distances_are_those_of_pythagoras():
    a, b = torch.tensor([[0.0, 0], [3, 4]]), torch.tensor([[0.0, 0], [3, 0], [6, 8]])
    torch.testing.assert_close(Euclidean(2).distance(a, b), torch.tensor([[0.0, 3, 10], [5, 4, 5]]))


def test_a_plane_takes_coordinates_along_its_axes():
    origin, u, v = torch.tensor([1.0, 1, 1]), torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 2, 0])
    at = torch.tensor([[0.0, 0], [2, 0], [-1, 3]])
    torch.testing.assert_close(Euclidean(3).plane(origin, u, v, at), torch.tensor([[1.0, 1, 1], [3, 1, 1], [0, 7, 1]]))

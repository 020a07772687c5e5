"""Paths, distances and planes in R^d."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_core.models.spaces import Euclidean, Sphere

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


# The sphere.

directions = st.integers(2, 6).flatmap(lambda d: st.tuples(*[st.lists(numbers, min_size=d, max_size=d).map(torch.tensor)] * 2))


@settings(max_examples=100, deadline=None)
@given(directions, st.integers(2, 12), st.sampled_from(KINDS))
def test_a_path_on_a_sphere_stays_on_it_and_has_both_ends(pair, steps, kind):
    space = Sphere(len(pair[0]))
    a, b = space.project(torch.stack(pair))
    path = space.path(a, b, steps, kind)
    torch.testing.assert_close(path.norm(dim=1), torch.ones(steps), rtol=0, atol=1e-5)
    torch.testing.assert_close(path[[0, -1]], torch.stack([a, b]), rtol=0, atol=1e-3)


@pytest.mark.parametrize("size", [1e-44, 1e-38, 1e-22, 1e19, 1e38])
def test_points_of_any_size_are_projected_onto_the_sphere(size):
    z = torch.tensor([[1.0, 2.0, -2.0]]) * torch.tensor(size, dtype=torch.float32)
    found = Sphere(3).project(z)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(1))
    if size > 1e-40:
        torch.testing.assert_close(found, torch.tensor([[1.0, 2.0, -2.0]]) / 3)


@pytest.mark.parametrize("d", [2, 3, 6])
@pytest.mark.parametrize("off", [3e-7, 1e-6, 1e-5, 1e-4, 1e-2])
def test_a_path_between_nearly_opposite_codes_stays_on_the_sphere(d, off):
    space, generator = Sphere(d), torch.Generator().manual_seed(0)
    for _ in range(30):
        a = space.project(torch.randn(1, d, generator=generator))
        b = space.project(-a + off * torch.randn(1, d, generator=generator))
        path = space.path(a[0], b[0], 7, "linear")
        torch.testing.assert_close(path.norm(dim=1), torch.ones(7), rtol=0, atol=1e-5)
        torch.testing.assert_close(path[[0, -1]], torch.cat([a, b]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("degrees", [1, 30, 90, 150, 179])
def test_the_middle_of_a_path_on_a_sphere_halves_the_angle(degrees):
    angle = math.radians(degrees)
    a, b = torch.tensor([1.0, 0, 0]), torch.tensor([math.cos(angle), 0, math.sin(angle)])
    space = Sphere(3)
    middle = space.path(a, b, 3, "linear")[1:2]
    found = space.distance(middle, torch.stack([a, b]))
    torch.testing.assert_close(found, torch.full((1, 2), angle / 2), rtol=1e-4, atol=0)
    torch.testing.assert_close(space.distance(a[None], b[None]), torch.tensor([[angle]]), rtol=1e-4, atol=0)


def test_the_path_between_opposite_codes_goes_through_the_dimension_in_which_they_are_smallest():
    a = torch.tensor([0.6, 0.0, 0.8])
    torch.testing.assert_close(
        Sphere(3).path(a, -a, 3, "linear"), torch.stack([a, torch.tensor([0.0, 1, 0]), -a]), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("latent", [2, 3, 10])
def test_a_plane_of_a_sphere_is_the_half_that_one_sees(latent):
    """Codes lie over their own coordinates, and points beyond the rim are on it."""
    generator = torch.Generator().manual_seed(latent)
    basis = torch.linalg.qr(torch.randn(latent, latent, generator=generator))[0]
    u, v = basis[0], basis[1]
    space, at = Sphere(latent), 3 * torch.rand(200, 2, generator=generator) - 1.5
    origin = space.project(torch.randn(1, latent, generator=generator))[0]
    codes = space.plane(origin, u, v, at - torch.stack([origin @ u, origin @ v]))
    torch.testing.assert_close(codes.norm(dim=1), torch.ones(200), rtol=0, atol=1e-5)
    found, norm = torch.stack([codes @ u, codes @ v], 1), at.norm(dim=1, keepdim=True)
    wanted = torch.where((norm < 1) & (latent > 2), at, at / norm)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)
    # The plane goes through its origin.
    torch.testing.assert_close(space.plane(origin, u, v, torch.zeros(1, 2))[0], origin, rtol=0, atol=1e-4)


def test_one_dimension_of_a_code_on_a_sphere_moves_and_the_others_keep_their_proportions():
    space, z = Sphere(3), torch.tensor([0.6, 0.0, 0.8])
    codes = space.move(z, 1, torch.tensor([-2.0, -0.5, 0, 0.5]))
    torch.testing.assert_close(codes.norm(dim=1), torch.ones(4))
    torch.testing.assert_close(codes[:, 1], torch.tensor([-1.0, -0.5, 0, 0.5]))
    torch.testing.assert_close(codes[:, 0] * 0.8, codes[:, 2] * 0.6)
    pole = space.move(torch.tensor([0.0, 1, 0]), 1, torch.tensor([0.6]))
    torch.testing.assert_close(pole, torch.tensor([[0, 0.6, 0.8]]))
    assert z.tolist() == pytest.approx([0.6, 0.0, 0.8])


def test_a_sphere_projects_the_origin_to_a_code_too():
    torch.testing.assert_close(Sphere(2).project(torch.tensor([[0.0, 0], [3, 4]])), torch.tensor([[1.0, 0], [0.6, 0.8]]))

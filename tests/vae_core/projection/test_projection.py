"""Every projection method keeps neighbours, follows its seed and parameters, restores threads, and refuses bad input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.manifold import trustworthiness

from vae_core.projection import METHODS, ProjectionError, project

SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("umap", "tsne")]
GROUPS = np.repeat(np.arange(3), 80)


@pytest.mark.parametrize("method", SLOW)
def test_neighbours_stay_neighbours(codes, projected, method):
    points = projected(method).points
    assert trustworthiness(codes, points, n_neighbors=8) > 0.9
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (GROUPS[distances.argmin(1)] == GROUPS).mean() > 0.98


@pytest.mark.parametrize("method", ["pca", *SLOW])
def test_the_same_seed_gives_the_same_map(codes, projected, method):
    np.testing.assert_array_equal(projected(method).points, project(codes, method, seed=3).points)


@pytest.mark.parametrize("method", SLOW)
def test_progress_is_told_and_ends_at_one(codes, method):
    shares = []
    project(codes, method, progress=shares.append)
    assert len(shares) >= 2
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("method", SLOW)
def test_parameters_change_the_map(codes, projected, method):
    parameter = METHODS[method].parameters[0]
    other = project(codes, method, seed=3, **{parameter.name: 2 * parameter.low})
    assert other.parameters[parameter.name] == 2 * parameter.low
    assert np.abs(other.points - projected(method).points).max() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_stays(codes, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        project(codes, "umap")
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["umap", "tsne"])
@pytest.mark.parametrize("shape", [(5, 3), (12, 1), (40, 2)])
def test_few_codes_and_few_dimensions_have_a_map(method, shape):
    points = project(np.random.default_rng(1).normal(size=shape), method).points
    assert points.shape == (shape[0], 2)
    assert np.isfinite(points).all()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_equal_codes_among_others_share_a_point(codes, method):
    points = project(np.r_[codes, np.repeat(codes[:1], 300, 0)], method).points
    assert (points[240:] == points[0]).all()
    assert trustworthiness(codes, points[:240], n_neighbors=8) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("method", ["umap", "tsne"])
@pytest.mark.parametrize("factor", [1e30, 1e-30])
def test_the_unit_of_the_codes_does_not_matter(codes, method, factor):
    found = project(codes * np.float32(factor), method)
    assert trustworthiness(codes, found.points, n_neighbors=8) > 0.9
    np.testing.assert_allclose(found.place(codes[:9] * np.float32(factor)), found.points[:9], atol=1e-3)


@pytest.mark.parametrize(
    ("codes", "method", "parameters", "message"),
    [
        (np.zeros((4, 2)), "pca", {}, "these are 4"),
        *[(np.ones((60, 3)), method, {}, "All 60 codes are the same") for method in METHODS],
        *[(np.r_[np.ones((59, 3)), np.zeros((1, 3))], method, {}, "2 different ones") for method in ("umap", "tsne")],
        *[(np.eye(4)[np.arange(60) % 4], method, {}, "needs 5") for method in ("umap", "tsne")],
        *[(np.r_[np.eye(6), [[1e30] * 6]], method, {}, "one point beside them") for method in ("umap", "tsne")],
        (np.zeros((9,)), "pca", {}, "shape"),
        (np.full((9, 2), np.nan), "pca", {}, "not finite"),
        (np.zeros((9, 2)), "isomap", {}, "pca, umap, tsne"),
        (np.zeros((9, 2)), "pca", {"neighbours": 3}, "no parameter 'neighbours'"),
        (np.zeros((9, 2)), "umap", {"neighbours": 1000}, "2 to 100"),
        (np.zeros((9, 2)), "umap", {"min_dist": float("nan")}, "0 to 0.99"),
    ],
)
def test_bad_input_is_one_sentence(codes, method, parameters, message):
    with pytest.raises(ProjectionError, match=message):
        project(codes, method, **parameters)


def test_codes_of_other_dimensions_have_no_place(codes):
    with pytest.raises(ProjectionError, match="5 dimensions"):
        project(codes).place(codes[:, :5])

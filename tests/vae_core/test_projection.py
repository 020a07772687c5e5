"""Maps of codes: what they keep, where later codes are placed, and what is stored."""

import os

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier

from vae_core import projection
from vae_core.projection import METHODS, ProjectionError, project

SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("umap", "tsne")]


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    """Three groups of 80 codes, far apart, of 6 dimensions."""
    rng = np.random.default_rng(0)
    centres = 8 * np.eye(6)[:3]
    return (np.repeat(centres, 80, 0) + rng.normal(size=(240, 6))).astype(np.float32)


GROUPS = np.repeat(np.arange(3), 80)


@pytest.fixture(scope="module")
def maps(codes) -> dict[str, projection.Projection]:
    return {}


def made(maps, codes, method):
    if method not in maps:
        maps[method] = project(codes, method, seed=3)
    return maps[method]


def test_pca_agrees_with_another_implementation(codes):
    ours, theirs = project(codes).points, PCA(2).fit_transform(codes)
    signs = np.sign((ours * theirs).sum(0))
    np.testing.assert_allclose(ours, theirs * signs, atol=1e-4)


def test_pca_places_other_codes_by_the_same_plane(codes):
    theirs = PCA(2).fit(codes[:200])
    ours = project(codes[:200])
    signs = np.sign((ours.points * theirs.transform(codes[:200])).sum(0))
    np.testing.assert_allclose(ours.place(codes[200:]), theirs.transform(codes[200:]) * signs, atol=1e-4)


def test_pca_of_one_dimension_lies_on_a_line(codes):
    points = project(codes[:, :1]).points
    np.testing.assert_allclose(points[:, 0], codes[:, 0] - codes[:, 0].mean(), atol=1e-4)
    assert not points[:, 1].any()


@pytest.mark.parametrize("method", SLOW)
def test_neighbours_stay_neighbours(codes, maps, method):
    points = made(maps, codes, method).points
    assert trustworthiness(codes, points, n_neighbors=8) > 0.9
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (GROUPS[distances.argmin(1)] == GROUPS).mean() > 0.98


@pytest.mark.parametrize("method", ["pca", *SLOW])
def test_the_same_seed_gives_the_same_map(codes, maps, method):
    np.testing.assert_array_equal(made(maps, codes, method).points, project(codes, method, seed=3).points)


@pytest.mark.parametrize("method", SLOW)
def test_progress_is_told_and_ends_at_one(codes, method):
    shares = []
    project(codes, method, progress=shares.append)
    assert len(shares) >= 2
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("method", SLOW)
def test_parameters_change_the_map(codes, maps, method):
    parameter = METHODS[method].parameters[0]
    other = project(codes, method, seed=3, **{parameter.name: 2 * parameter.low})
    assert other.parameters[parameter.name] == 2 * parameter.low
    assert np.abs(other.points - made(maps, codes, method).points).max() > 0.1


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


@pytest.mark.parametrize("method", ["pca", *SLOW])
def test_a_projected_code_is_placed_where_it_was_drawn(codes, maps, method):
    found = made(maps, codes, method)
    np.testing.assert_allclose(found.place(codes[::7]), found.points[::7], atol=1e-3)


def test_pca_of_two_different_codes_is_a_line():
    codes = np.r_[np.ones((59, 3)), np.zeros((1, 3))]
    points = project(codes).points
    np.testing.assert_allclose(np.ptp(points, axis=0), [3**0.5, 0], atol=1e-6)


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


def by_hand(codes, points):
    return projection.Projection(codes.astype(np.float32), points.astype(np.float32), "umap", {}, 0)


def test_a_place_is_the_weighted_geometric_median_of_its_neighbours():
    codes = np.array([[0.0], [1.0], [2.0], [4.0]])
    points = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 30.0], [99.0, 99.0]])
    # Distances 0.9, 0.1, 1.1 and 3.1: the farthest has no weight.
    weights = 1 / np.array([0.9, 0.1, 1.1, 3.1]) - 1 / 3.1
    weights[1] = 0.7
    place = projection._median(points[None], weights[None] / weights.sum())[0]
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


class TestStored:
    @pytest.fixture
    def stored(self, codes, tmp_path):
        found = projection.Projection(codes, codes[:, :2] + 1, "umap", projection.settings("umap", {}), 0)
        return found, projection.save(found, tmp_path)

    def test_it_comes_back(self, codes, tmp_path, stored):
        found = projection.load(tmp_path, codes, "umap")
        np.testing.assert_array_equal(found.points, stored[0].points)
        assert found.parameters == stored[0].parameters

    @pytest.mark.parametrize("other", [{"seed": 1}, {"min_dist": 0.2}, {"neighbours": 16}])
    def test_another_request_finds_nothing(self, codes, tmp_path, stored, other):
        assert projection.load(tmp_path, codes, "umap", **other) is None

    def test_other_codes_find_nothing(self, codes, tmp_path, stored):
        assert projection.load(tmp_path, codes + 1e-3, "umap") is None

    @pytest.mark.parametrize("size", [0, 1, 30, 200, -1])
    def test_a_file_that_is_cut_short_is_as_none(self, codes, tmp_path, stored, size):
        path = stored[1]
        path.write_bytes(path.read_bytes()[:size])
        assert projection.load(tmp_path, codes, "umap") is None

    def test_points_that_do_not_fit_are_as_none(self, codes, tmp_path, stored):
        np.savez(stored[1], points=np.zeros((3, 2), np.float32))
        assert projection.load(tmp_path, codes, "umap") is None

    def test_pickled_points_are_never_read(self, codes, tmp_path, stored):
        class Trap:
            def __reduce__(self):
                return (pytest.fail, ("it was unpickled",))

        np.savez(stored[1], points=np.array([Trap()], object))
        assert projection.load(tmp_path, codes, "umap") is None

    def test_the_folder_keeps_what_was_used_last(self, codes, tmp_path, monkeypatch):
        def save(seed: int):
            path = projection.save(
                projection.Projection(codes, codes[:, :2], "umap", projection.settings("umap", {}), seed), tmp_path
            )
            os.utime(path, (seed, seed))
            return path

        monkeypatch.setattr(projection, "CACHE_BYTES", 2.5 * save(0).stat().st_size)
        saved = [save(seed) for seed in range(4)]
        assert sorted(tmp_path.iterdir()) == sorted(saved[2:])

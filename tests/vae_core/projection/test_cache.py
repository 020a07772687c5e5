"""Stored projections: what is found again, what is not, and how much is kept."""

from __future__ import annotations

import os

import numpy as np
import pytest

from vae_core import projection


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

        monkeypatch.setattr(projection.cache, "CACHE_BYTES", 2.5 * save(0).stat().st_size)
        saved = [save(seed) for seed in range(4)]
        assert sorted(tmp_path.iterdir()) == sorted(saved[2:])

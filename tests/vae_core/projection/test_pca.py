"""PCA agrees with scikit-learn's, and with what can be computed by hand."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA

from vae_core.projection import project


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


def test_pca_of_two_different_codes_is_a_line():
    codes = np.r_[np.ones((59, 3)), np.zeros((1, 3))]
    points = project(codes).points
    np.testing.assert_allclose(np.ptp(points, axis=0), [3**0.5, 0], atol=1e-6)

"""SSIM against scikit-image's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vae_core.metrics.image import ssim, window_sigma


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 20), (1, 8, 8), (1, 9, 40)])
def test_it_is_that_of_scikit_image(shape):
    from skimage.metrics import structural_similarity

    rng = np.random.default_rng(0)
    a = rng.random((5, *shape)).astype(np.float32)
    b = np.clip(a + rng.normal(0, [[[[s]]] for s in (0.02, 0.1, 0.3, 1, 3)], a.shape), 0, 1).astype(np.float32)
    radius = min(5, (min(shape[1:]) - 1) // 2)
    wanted = []
    for p, q in zip(a, b, strict=True):
        # scikit-image leaves out a border as wide as the window's radius: mirrored pixels there make it the whole image.
        p, q = (np.pad(i.astype(np.float64), [(0, 0), (radius, radius), (radius, radius)], mode="reflect") for i in (p, q))
        settings = {"gaussian_weights": True, "sigma": 0.3 * radius, "use_sample_covariance": False}
        wanted.append(structural_similarity(p, q, data_range=1.0, channel_axis=0, **settings))
    assert np.ptp(wanted) > 0.5
    np.testing.assert_allclose(ssim(torch.from_numpy(a), torch.from_numpy(b), batch_size=2), wanted, atol=1e-4)


def test_the_window_is_that_of_the_paper_where_it_fits():
    assert window_sigma(28, 28) == window_sigma(11, 200) == pytest.approx(1.5)
    assert window_sigma(8, 64) == pytest.approx(0.9)


def test_flat_images_are_alike_if_equally_bright():
    black, white = torch.zeros(1, 1, 16, 16), torch.ones(1, 1, 16, 16)
    assert float(ssim(black, black)) == pytest.approx(1, abs=1e-6)
    assert float(ssim(black, white)) == pytest.approx(0, abs=1e-3)

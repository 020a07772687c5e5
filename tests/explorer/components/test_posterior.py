"""The ellipse of a posterior on a plane."""

from __future__ import annotations

import numpy as np


def test_half_axes_are_a_root_of_the_projected_covariance(evaluate) -> None:
    rng = np.random.default_rng(0)
    u, v = np.linalg.qr(rng.normal(size=(6, 2)))[0].T
    scale = rng.uniform(0.1, 2, 6)
    given = {"u": u.tolist(), "v": v.tolist(), "scale": scale.tolist()}
    root = evaluate("latent_pad/view/posterior.js", "it.halfAxes({ u, v }, scale)", **given)
    lower = np.array([[root["l11"], 0], [root["l21"], root["l22"]]])
    plane = np.stack([u, v])
    np.testing.assert_allclose(lower @ lower.T, plane @ np.diag(scale**2) @ plane.T, atol=1e-9)

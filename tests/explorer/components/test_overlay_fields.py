"""The overlay's fields, against independent formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

RNG = np.random.default_rng(0)
D, N = 3, 60
CODES = RNG.normal(0, 1, (N, D)).astype(np.float32)
SCALES = RNG.uniform(0.1, 0.5, (N, D)).astype(np.float32)
ERRORS = RNG.uniform(0, 1, N).astype(np.float32)
PLACES = RNG.normal(0, 1.5, (7, D)).astype(np.float32)

FIELD = """{
  const typed = (list) => Float32Array.from(list);
  const model = { latent, codes: typed(codes), scales: typed(scales), errors: typed(errors), gap: 0.25 };
  const field = it.FIELDS[kind](model);
  return field(places.map(typed));
}"""


def values(evaluate, kind: str, scales=SCALES) -> np.ndarray:
    given = {"codes": CODES.ravel().tolist(), "scales": np.ravel(scales).tolist(), "errors": ERRORS.tolist()}
    found = evaluate("latent_pad/overlay/fields.js", FIELD, kind=kind, latent=D, places=PLACES.tolist(), **given)
    return np.array(found)


@pytest.mark.parametrize("points", [False, True])
def test_density_is_that_of_the_mixture_of_posteriors(points: bool, evaluate) -> None:
    scales = np.full((N, D), 0.25) if points else SCALES.astype(float)
    parts = [multivariate_normal(mean, np.diag(scale**2)).logpdf(PLACES) for mean, scale in zip(CODES, scales, strict=True)]
    wanted = logsumexp(parts, axis=0) - np.log(N)
    np.testing.assert_allclose(values(evaluate, "density", [] if points else SCALES), wanted, rtol=1e-5, atol=1e-5)


def test_prior_is_the_standard_normal(evaluate) -> None:
    wanted = multivariate_normal(np.zeros(D)).logpdf(PLACES)
    np.testing.assert_allclose(values(evaluate, "prior"), wanted, rtol=1e-5)


def test_error_is_a_kernel_mean_of_the_nearest(evaluate) -> None:
    square = ((PLACES[:, None].astype(float) - CODES) ** 2).sum(-1)
    order = np.argsort(square, 1)[:, :33]
    near = np.take_along_axis(square, order, 1)
    weights = np.exp(-0.5 * near / near[:, 15:16])
    wanted = (weights * ERRORS[order]).sum(1) / weights.sum(1)
    np.testing.assert_allclose(values(evaluate, "error"), wanted, rtol=1e-5)


def test_change_is_the_root_of_half_the_trace_of_the_metric_on_the_plane(evaluate) -> None:
    weight = RNG.normal(0, 1, (20, D))
    u, v = np.linalg.qr(RNG.normal(size=(D, 2)))[0].T
    plane = {"u": u.tolist(), "v": v.tolist(), "a0": -3, "a1": 3, "b0": -2, "b1": 2}
    field = """{
      const image = (z) => weight.map((row) => Math.tanh(row.reduce((sum, w, i) => sum + w * z[i], 0)));
      const codes = (flat) => Array.from({ length: flat.length / 3 }, (_, i) => flat.subarray(3 * i, 3 * i + 3));
      const square = (a, b) => image(a).reduce((sum, value, i) => sum + (value - image(b)[i]) ** 2, 0);
      const squaredDistances = (flat) => codes(flat).flatMap((z, i, all) => (i % 2 ? [square(all[i - 1], z)] : []));
      return it.FIELDS.change({ plane, latent: 3, squaredDistances })(places.map((z) => Float32Array.from(z)));
    }"""
    given = {"weight": weight.tolist(), "plane": plane, "places": PLACES.tolist()}
    found = evaluate("latent_pad/overlay/fields.js", field, **given)
    directions = torch.tensor(np.stack([u, v], 1))

    def wanted(z: np.ndarray) -> float:
        jacobian = torch.autograd.functional.jacobian(lambda z: torch.tanh(torch.tensor(weight) @ z), torch.tensor(z).double())
        return float(torch.sqrt(((jacobian @ directions) ** 2).sum() / 2))

    np.testing.assert_allclose(found, [wanted(z) for z in PLACES], rtol=2e-3)

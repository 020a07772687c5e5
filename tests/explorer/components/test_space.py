"""The geometry of codes on a page is that of the package."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from explorer.components.latent_pad import FOLDER
from vae_core.config import PosteriorConfig
from vae_core.models.posteriors import build_posterior
from vae_core.models.spaces import Euclidean, Sphere

PLANE = """{
  const typed = (list) => Float32Array.from(list);
  const space = it.spaceOf("sphere");
  return at.map(([a, b]) => [...space.onto(typed(origin.map((value, i) => value + a * u[i] + b * v[i])), typed(u), typed(v))]);
}"""
MOVE = "{ return [...it.spaceOf(kind).move(Float32Array.from(z), 1, value)]; }"
PATH = """{
  const { spaceOf } = await import(spaces);
  const model = { space: spaceOf("sphere"), codes: Float32Array.from(codes), latent: a.length };
  const path = it.interpolation(kind, Float32Array.from(a), Float32Array.from(b), model);
  return shares.map((share) => [...path(share)]);
}"""
CHANGE = """{
  const { spaceOf } = await import(spaces);
  const image = (z) => weight.map((row) => Math.tanh(row.reduce((sum, w, i) => sum + w * z[i], 0)));
  const square = (a, b) => image(a).reduce((sum, value, i) => sum + (value - image(b)[i]) ** 2, 0);
  const codes = (flat) => Array.from({ length: flat.length / 3 }, (_, i) => flat.subarray(3 * i, 3 * i + 3));
  const squaredDistances = (flat) => codes(flat).flatMap((z, i, all) => (i % 2 ? [square(all[i - 1], z)] : []));
  const plane = { u: [1, 0, 0], v: [0, 1, 0], a0: -1, a1: 1, b0: -1, b1: 1 };
  const field = it.FIELDS.change({ plane, latent: 3, squaredDistances, space: spaceOf("sphere") });
  return field(places.map((z) => Float32Array.from(z)));
}"""
SHARES = np.linspace(0, 1, 9).tolist()


def walked(evaluate, kind: str, a: torch.Tensor, b: torch.Tensor, codes: torch.Tensor) -> np.ndarray:
    given = {"kind": kind, "a": a.tolist(), "b": b.tolist(), "codes": codes.flatten().tolist(), "shares": SHARES}
    spaces = (FOLDER / "space.js").as_uri()
    return np.array(evaluate("latent_pad/interpolation.js", PATH, spaces=spaces, **given))


@pytest.mark.parametrize("kind", [kind for kind in PosteriorConfig.kinds.values() if kind.is_continuous])
def test_a_page_knows_the_space_of_every_posterior_of_points(kind, evaluate):
    wanted = build_posterior(kind(), 3).space.kind
    assert evaluate("latent_pad/space.js", "{ return it.spaceOf(kind).kind; }", kind=wanted) == wanted == kind.space


@pytest.mark.parametrize("latent", [2, 3, 10])
def test_planes_agree_with_the_package(latent, evaluate):
    generator = torch.Generator().manual_seed(latent)
    u, v = torch.linalg.qr(torch.randn(latent, latent, generator=generator))[0][:2]
    space, at = Sphere(latent), 3 * torch.rand(50, 2, generator=generator) - 1.5
    for origin in (space.project(torch.randn(1, latent, generator=generator))[0], u):
        wanted = space.plane(origin, u, v, at).numpy()
        found = evaluate("latent_pad/space.js", PLANE, origin=origin.tolist(), u=u.tolist(), v=v.tolist(), at=at.tolist())
        np.testing.assert_allclose(found, wanted, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("kind", ["linear", "spherical"])
@pytest.mark.parametrize("opposite", [False, True])
def test_paths_agree_with_the_package(kind, opposite, evaluate):
    space = Sphere(4)
    a, b = space.project(torch.randn(2, 4, generator=torch.Generator().manual_seed(0)))
    b = -a if opposite else b
    np.testing.assert_allclose(walked(evaluate, kind, a, b, torch.zeros(0)), space.path(a, b, len(SHARES), kind), atol=1e-5)


@pytest.mark.parametrize("off", [1e-6, 1e-5, 1e-3])
def test_a_path_between_nearly_opposite_codes_stays_on_the_sphere(off, evaluate):
    space, generator = Sphere(3), torch.Generator().manual_seed(0)
    for _ in range(5):
        a = space.project(torch.randn(1, 3, generator=generator))
        b = space.project(-a + off * torch.randn(1, 3, generator=generator))
        path = walked(evaluate, "spherical", a[0], b[0], torch.zeros(0))
        np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(path[[0, -1]], torch.cat([a, b]), atol=1e-5)


def test_a_path_along_the_data_stays_on_the_sphere(evaluate):
    codes = Sphere(3).project(torch.randn(40, 3, generator=torch.Generator().manual_seed(0)))
    found = walked(evaluate, "data", codes[0], codes[1], codes)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(found[[0, -1]], codes[:2], atol=1e-6)


@pytest.mark.parametrize("value", [-2.0, -0.5, 0.3, 2.0])
@pytest.mark.parametrize("z", [[0.6, 0.0, 0.8], [0.0, 1.0, 0.0]])
def test_moves_of_one_dimension_agree_with_the_package(value, z, evaluate):
    found = evaluate("latent_pad/space.js", MOVE, kind="sphere", z=z, value=value)
    np.testing.assert_allclose(found, Sphere(3).move(torch.tensor(z), 1, torch.tensor([value]))[0], atol=1e-6)
    straight = evaluate("latent_pad/space.js", MOVE, kind="euclidean", z=z, value=value)
    np.testing.assert_allclose(straight, Euclidean(3).move(torch.tensor(z), 1, torch.tensor([value]))[0], atol=1e-6)


def test_change_is_measured_along_the_sphere(evaluate):
    """The root of the mean square of the derivatives along the sphere towards u and towards v. At a point of the rim that lies
    on u, only the one towards v is left."""
    weight = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    places = [[0.0, 0.0, 1.0], [0.6, 0.0, 0.8], [0.48, -0.6, 0.64], [1.0, 0.0, 0.0]]
    spaces = (FOLDER / "space.js").as_uri()
    found = evaluate("latent_pad/overlay/fields.js", CHANGE, spaces=spaces, weight=weight.tolist(), places=places)

    def wanted(place: list[float]) -> float:
        z = torch.tensor(place, dtype=torch.float64)
        jacobian = torch.autograd.functional.jacobian(lambda z: torch.tanh(weight @ z), z)
        sides = [axis - (axis @ z) * z for axis in torch.eye(3, dtype=torch.float64)[:2]]
        known = [side / side.norm() for side in sides if side.norm() > 0.1]
        return float(torch.stack([(jacobian @ side).square().sum() for side in known]).mean().sqrt())

    np.testing.assert_allclose(found, [wanted(place) for place in places], rtol=2e-3)

"""The von Mises-Fisher posterior and the uniform prior on a sphere, against Bessel functions, quadrature and draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import ive

from vae_core.config import (
    ConfigError,
    DiagonalGaussianConfig,
    GridConfig,
    ModelConfig,
    PosteriorConfig,
    PriorConfig,
    StandardNormalConfig,
    TrainConfig,
    UniformSphereConfig,
    VonMisesFisherConfig,
    unused,
)
from vae_core.models.kl import kl_divergence
from vae_core.models.posteriors import VonMisesFisher, build_posterior
from vae_core.models.priors import UniformSphere

CASES = [(d, float(kappa)) for d in (2, 3, 10) for kappa in (1, 20, 200)]


def resultant(d: int, kappa: float) -> float:
    """A_d(kappa), the length of the mean of z (Mardia & Jupp 2000, eq. 9.3.9)."""
    return ive(d / 2, kappa) / ive(d / 2 - 1, kappa)


def log_normaliser(d: int, kappa: float) -> float:
    """Logarithm of C_d(kappa) (Mardia & Jupp 2000, eq. 9.3.4)."""
    bessel = math.log(ive(d / 2 - 1, kappa)) + kappa
    return (d / 2 - 1) * math.log(kappa) - d / 2 * math.log(2 * math.pi) - bessel


def noise_of(posterior: VonMisesFisher, n: int, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    draw = {"normal": torch.randn, "uniform": torch.rand}
    return {spec.name: draw[spec.distribution](n, *spec.shape, generator=generator) for spec in posterior.noise}


@pytest.mark.parametrize(("d", "kappa"), CASES)
def test_moments_and_normaliser_are_those_of_bessel_functions(d, kappa):
    posterior = VonMisesFisher(d, kappa)
    assert posterior.angle.mean_cosine == pytest.approx(resultant(d, kappa), rel=1e-10)
    assert posterior.log_normaliser == pytest.approx(log_normaliser(d, kappa), abs=1e-9)


@pytest.mark.parametrize(("d", "kappa"), CASES)
def test_angles_at_even_shares_have_the_mean_and_the_variance_of_the_distribution(d, kappa):
    """With w = cos t: E[w] = A and E[w^2] = 1 - (d - 1) A / kappa."""
    n = 200_000
    cosine = VonMisesFisher(d, kappa).angles((torch.arange(n, dtype=torch.float64) + 0.5).float()[:, None] / n).double().cos()
    assert float(cosine.mean()) == pytest.approx(resultant(d, kappa), abs=1e-6)
    assert float((cosine**2).mean()) == pytest.approx(1 - (d - 1) * resultant(d, kappa) / kappa, abs=1e-6)


@pytest.mark.parametrize(("d", "kappa"), CASES)
def test_draws_are_unit_vectors_around_the_mean_direction(d, kappa):
    n = 20_000
    posterior = VonMisesFisher(d, kappa)
    raw = 3 * torch.randn(1, d, generator=torch.Generator().manual_seed(1))
    draw = posterior.draw(raw.expand(n, d), noise_of(posterior, n))
    mean = posterior.mean(raw)[0]
    torch.testing.assert_close(draw.z.norm(dim=1), torch.ones(n), rtol=0, atol=1e-5)
    cosine = draw.z @ mean
    torch.testing.assert_close(draw.log_prob, log_normaliser(d, kappa) + kappa * cosine, rtol=0, atol=1e-4 * max(1, kappa / 10))
    # Five standard errors: of the length along the mean, and of what is left across it.
    a = resultant(d, kappa)
    spread = math.sqrt(max(1 - (d - 1) * a / kappa - a * a, 1e-12))
    assert float(cosine.double().mean()) == pytest.approx(a, abs=5 * spread / math.sqrt(n) + 1e-6)
    across = draw.z.mean(0) - cosine.mean() * mean
    assert float(across.norm()) < 5 * math.sqrt(d * a / kappa / n)


@pytest.mark.parametrize("uniform", [0.0, 1 - 2**-24])
def test_the_ends_of_the_noise_are_angles_too(uniform):
    for d, kappa in CASES:
        angle = VonMisesFisher(d, kappa).angles(torch.tensor([[uniform]]))
        assert bool(torch.isfinite(angle).all()) and 0 <= float(angle) <= math.pi + 1e-6


@pytest.mark.parametrize("kappa", [1.0, 20.0, 200.0])
def test_the_density_integrates_to_one(kappa):
    """On the circle over the angle, and on the sphere in R^3 over the height, of which area is an even share."""
    angles = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    on_circle = np.exp(VonMisesFisher(2, kappa).log_normaliser + kappa * np.cos(angles))
    assert on_circle.mean() * 2 * np.pi == pytest.approx(1, abs=1e-9)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    on_sphere = np.exp(VonMisesFisher(3, kappa).log_normaliser + kappa * nodes)
    assert 2 * np.pi * weights @ on_sphere == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("d", [2, 3, 10])
def test_the_uniform_density_is_one_over_the_area(d):
    area = {2: 2 * math.pi, 3: 4 * math.pi, 10: math.pi**5 / 12}[d]
    prior = UniformSphere(d)
    assert prior.log_density == pytest.approx(-math.log(area))
    z = prior.sample(20_000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(prior.log_prob(z), torch.full((20_000,), -math.log(area)))
    torch.testing.assert_close(z.norm(dim=1), torch.ones(20_000))
    torch.testing.assert_close(z.T @ z / 20_000, torch.eye(d) / d, rtol=0, atol=5 / math.sqrt(20_000))


@pytest.mark.parametrize(("d", "kappa"), CASES)
def test_the_closed_form_of_the_rate_is_its_estimate_from_draws(d, kappa):
    n = 50_000
    posterior, prior = VonMisesFisher(d, kappa), UniformSphere(d)
    raw = torch.randn(1, d, generator=torch.Generator().manual_seed(2)).expand(n, d)
    draw = posterior.draw(raw, noise_of(posterior, n, seed=3))
    estimates = draw.log_prob.double() - prior.log_prob(draw.z).double()
    rate = kl_divergence(posterior, raw, prior)
    assert rate.shape == (n,) and float(rate.min()) == float(rate.max())
    assert float(rate[0]) == pytest.approx(float(estimates.mean()), abs=5 * float(estimates.std()) / math.sqrt(n) + 1e-6)
    assert float(rate[0]) == pytest.approx(kappa * resultant(d, kappa) + log_normaliser(d, kappa) - prior.log_density, abs=1e-5)


@pytest.mark.parametrize("d", [2, 3, 10])
def test_the_gradient_of_a_draw_is_that_of_finite_differences(d):
    posterior = VonMisesFisher(d, 20.0)
    generator = torch.Generator().manual_seed(4)
    noise, weights = noise_of(posterior, 1), torch.randn(d, generator=generator)
    raw = torch.randn(1, d, generator=generator, requires_grad=True)
    (posterior.draw(raw, noise).z[0] @ weights).backward()
    step = 1e-3
    with torch.no_grad():
        ends = [[float(posterior.draw(raw + sign * step * one, noise).z[0].double() @ weights.double()) for sign in (1, -1)]
                for one in torch.eye(d)]  # fmt: skip
    wanted = torch.tensor([(up - down) / (2 * step) for up, down in ends])
    torch.testing.assert_close(raw.grad[0], wanted, rtol=5e-3, atol=2e-3)


def test_a_draw_at_the_first_axis_has_a_finite_gradient():
    """There the reflection that takes the first axis to the mean direction is no reflection."""
    posterior = VonMisesFisher(3, 20.0)
    raw = torch.tensor([[2.0, 0, 0]], requires_grad=True)
    draw = posterior.draw(raw, noise_of(posterior, 1))
    draw.z.sum().backward()
    assert bool(torch.isfinite(draw.z).all()) and bool(torch.isfinite(raw.grad).all())


def test_noise_that_is_missing_is_one_clear_error():
    with pytest.raises(ValueError, match=r"uniform noise `angle` of shape \(B, 1\)"):
        VonMisesFisher(3, 1.0).draw(torch.ones(1, 3), {})


def test_many_dimensions_do_not_underflow():
    posterior = VonMisesFisher(1024, 1.0)
    # The series of A for a small kappa: kappa / d (1 - kappa^2 / (d (d + 2))).
    assert posterior.angle.mean_cosine == pytest.approx(1 / 1024 * (1 - 1 / (1024 * 1026)), rel=1e-9)
    assert math.isfinite(posterior.entropy)


# What its configuration refuses.


def test_a_posterior_and_a_prior_of_different_spaces_are_refused():
    for posterior, prior in [
        (VonMisesFisherConfig(), StandardNormalConfig()),
        (DiagonalGaussianConfig(), UniformSphereConfig()),
    ]:
        with pytest.raises(ConfigError, match=r"choose a posterior and a prior of one space\.$"):
            ModelConfig.for_images((1, 8, 8), 3, posterior=posterior, prior=prior)


def test_a_sphere_in_one_dimension_is_refused():
    with pytest.raises(ConfigError, match=r"FlatConfig\.latent is 1; it must be 2 or more"):
        ModelConfig.for_images((1, 8, 8), 1, posterior=VonMisesFisherConfig())


@pytest.mark.parametrize("kappa", [0, -1, 1e5])
def test_a_concentration_outside_its_range_is_refused(kappa):
    with pytest.raises(ConfigError, match=r"VonMisesFisherConfig\.kappa"):
        VonMisesFisherConfig(kappa)


@pytest.mark.parametrize("kind", PosteriorConfig.kinds.values())
def test_the_space_that_a_configuration_declares_is_that_of_the_codes(kind):
    size = 3 if kind.is_continuous else GridConfig((2, 2))
    assert build_posterior(kind(), size).space.kind == kind.space == PriorConfig.on(kind.space).space


def test_weights_of_a_constant_rate_have_no_effect():
    model = ModelConfig.for_images((1, 8, 8), 3, posterior=VonMisesFisherConfig())
    assert {"beta", "schedule", "free_bits"} <= unused(model, TrainConfig(steps=1)).keys()

"""The full-covariance Gaussian against torch.distributions, Monte Carlo and the diagonal one."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from vae_core.config import MLPConfig
from vae_core.export.program import encoder_program
from vae_core.models.build import build_model
from vae_core.models.kl import group_latent
from vae_core.models.posteriors import DiagonalGaussian, FullGaussian
from vae_core.models.priors import StandardNormal
from vae_core.zoo import model_config

D = 4
POSTERIOR, PRIOR = FullGaussian(D), StandardNormal(D)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def raw():
    return 0.7 * random(5, POSTERIOR.raw_size)


def normal(raw: torch.Tensor) -> MultivariateNormal:
    """The same distribution, from the layout that the docstring gives."""
    factor = torch.zeros(len(raw), D, D, dtype=torch.float64)
    rows, columns = zip(*((i, j) for i in range(D) for j in range(i)), strict=True)
    factor[:, rows, columns] = raw[:, 2 * D :].double()
    factor[:, range(D), range(D)] = torch.exp(0.5 * raw[:, D : 2 * D].double())
    return MultivariateNormal(raw[:, :D].double(), scale_tril=factor)


def test_draws_density_rate_and_scale_are_those_of_torch(raw):
    epsilon = random(5, D, seed=1)
    group, _ = group_latent(POSTERIOR, raw, PRIOR, {"epsilon": epsilon})
    q = normal(raw)
    wanted = q.loc + (q.scale_tril @ epsilon.double()[:, :, None])[:, :, 0]
    torch.testing.assert_close(group.z.double(), wanted, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(group.log_q.double(), q.log_prob(group.z.double()), rtol=1e-4, atol=1e-4)
    standard = MultivariateNormal(torch.zeros(D, dtype=torch.float64), torch.eye(D, dtype=torch.float64))
    torch.testing.assert_close(group.rate.double(), kl_divergence(q, standard), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(POSTERIOR.covariance(raw).double(), q.covariance_matrix, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(POSTERIOR.scale(raw).double(), q.variance.sqrt(), rtol=1e-5, atol=1e-5)
    assert group.rate.shape == (5,) and group.rate_by_dimension is None


def test_the_closed_form_is_the_mean_of_log_q_less_log_p(raw):
    n = 20_000
    group, _ = group_latent(POSTERIOR, raw.repeat(n, 1), PRIOR, {"epsilon": random(n * 5, D, seed=2)})
    ratio = (group.log_q - group.log_p).reshape(n, 5).double()
    error = ratio.std(0) / n**0.5
    assert float(error.max()) < 0.1
    assert bool(((ratio.mean(0) - group.rate[:5]).abs() < 4 * error).all())


def test_without_entries_below_the_diagonal_it_is_the_diagonal_gaussian(raw):
    diagonal, epsilon = DiagonalGaussian(D), random(5, D, seed=3)
    halves = raw[:, : 2 * D]
    wanted, _ = group_latent(diagonal, halves, PRIOR, {"epsilon": epsilon})
    padded = torch.cat([halves, torch.zeros(5, POSTERIOR.below)], 1)
    found, _ = group_latent(POSTERIOR, padded, PRIOR, {"epsilon": epsilon})
    for name in ("z", "log_q", "log_p", "rate"):
        torch.testing.assert_close(getattr(found, name), getattr(wanted, name))
    torch.testing.assert_close(POSTERIOR.scale(padded), diagonal.scale(halves))


@pytest.mark.parametrize("size", [-1e4, 1e4])
def test_absurd_factors_stay_finite(size):
    group, _ = group_latent(POSTERIOR, torch.full((1, POSTERIOR.raw_size), size), PRIOR, {"epsilon": torch.ones(1, D)})
    assert all(bool(torch.isfinite(value).all()) for value in (group.z, group.log_q, group.rate))


def test_one_dimension_has_no_entries_below_the_diagonal():
    posterior = FullGaussian(1)
    assert posterior.raw_size == 2
    torch.testing.assert_close(posterior.scale(torch.tensor([[0.0, 2.0]])), torch.tensor([[1.0]]).exp())


def test_its_encoder_has_a_program_with_mean_and_scale():
    model = build_model(model_config("full-vae", (1, 8, 8), D, MLPConfig(hidden=(6,)))).eval()
    assert encoder_program(model).header["outputs"].keys() == {"mean", "scale"}

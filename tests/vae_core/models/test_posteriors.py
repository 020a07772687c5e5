"""Posteriors and the prior against torch.distributions and Monte Carlo."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vae_core.config import DeterministicConfig, PosteriorConfig, StandardNormalConfig
from vae_core.models.kl import group_latent
from vae_core.models.latent import GroupLatent
from vae_core.models.posteriors import Deterministic, DiagonalGaussian, Posterior, build_posterior
from vae_core.models.priors import Prior, StandardNormal, build_prior

D = 4


@pytest.fixture
def raw():
    """Means of about 1.5 and log-variances of about 1.5, either sign: (5, 2 D)."""
    return 1.5 * torch.randn(5, 2 * D, generator=torch.Generator().manual_seed(0))


def drawn(posterior: Posterior, raw, prior: Prior, epsilon=None) -> GroupLatent:
    """Codes of one group drawn with standard normal noise."""
    group, _ = group_latent(posterior, raw, prior, {} if epsilon is None else {"epsilon": epsilon})
    return group


def normal(raw) -> Normal:
    mu, logvar = raw.double().chunk(2, 1)
    return Normal(mu, torch.exp(0.5 * logvar))


def test_the_closed_form_is_that_of_torch(raw):
    latent = drawn(DiagonalGaussian(D), raw, StandardNormal(D), torch.zeros(5, D))
    wanted = kl_divergence(normal(raw), Normal(0.0, 1.0))
    torch.testing.assert_close(latent.rate_by_dimension.double(), wanted, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(latent.rate.double(), wanted.sum(1), rtol=1e-5, atol=1e-5)


def test_the_closed_form_is_the_mean_of_log_q_less_log_p(raw):
    n = 40_000
    noise = torch.randn(n * 5, D, generator=torch.Generator().manual_seed(1))
    latent = drawn(DiagonalGaussian(D), raw.repeat(n, 1), StandardNormal(D), noise)
    ratio = (latent.log_q - latent.log_p).reshape(n, 5).double()
    error = ratio.std(0) / n**0.5
    assert float(error.max()) < 0.1
    assert bool(((ratio.mean(0) - latent.rate[:5]).abs() < 4 * error).all())


def test_densities_and_code_are_those_of_torch(raw):
    noise = torch.randn(5, D, generator=torch.Generator().manual_seed(2))
    latent = drawn(DiagonalGaussian(D), raw, StandardNormal(D), noise)
    q = normal(raw)
    torch.testing.assert_close(latent.z.double(), q.loc + q.scale * noise, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(latent.log_q.double(), q.log_prob(latent.z.double()).sum(1), rtol=1e-4, atol=1e-4)
    wanted = Normal(0.0, 1.0).log_prob(latent.z.double()).sum(1)
    torch.testing.assert_close(latent.log_p.double(), wanted, rtol=1e-5, atol=1e-4)


def test_without_a_closed_form_the_rate_is_the_estimate(raw):
    class Wide(Prior):
        def log_prob(self, z, condition=None):
            return Normal(0.0, 2.0).log_prob(z).sum(1)

        def draw(self, noise, condition=None):
            return 2 * noise["z"]

    noise = torch.randn(5, D, generator=torch.Generator().manual_seed(3))
    latent = drawn(DiagonalGaussian(D), raw, Wide(), noise)
    assert latent.rate_by_dimension is None
    torch.testing.assert_close(latent.rate, latent.log_q - latent.log_p)


def test_mean_and_scale_are_those_of_the_draws(raw):
    posterior = DiagonalGaussian(D)
    noise = torch.randn(20_000 * 5, D, generator=torch.Generator().manual_seed(4))
    z = drawn(posterior, raw.repeat(20_000, 1), StandardNormal(D), noise).z.reshape(20_000, 5, D)
    scale = posterior.scale(raw)
    assert bool(((z.mean(0) - posterior.mean(raw)).abs() < 5 * scale / 20_000**0.5).all())
    torch.testing.assert_close(z.std(0), scale, rtol=0.03, atol=0)


def test_the_rate_is_0_at_the_prior_and_nowhere_less(raw):
    posterior, prior = DiagonalGaussian(D), StandardNormal(D)
    assert float(drawn(posterior, torch.zeros(1, 2 * D), prior, torch.zeros(1, D)).rate) == 0
    assert bool((drawn(posterior, raw, prior, torch.zeros(5, D)).rate_by_dimension >= 0).all())


@pytest.mark.parametrize("size", [-1e4, 1e4])
def test_absurd_log_variances_stay_finite(size):
    raw = torch.cat([torch.zeros(1, D), torch.full((1, D), size)], 1)
    latent = drawn(DiagonalGaussian(D), raw, StandardNormal(D), torch.ones(1, D))
    for value in (latent.z, latent.log_q, latent.log_p, latent.rate):
        assert bool(torch.isfinite(value).all())


def test_low_precision_is_left_behind(raw):
    low = raw.to(torch.bfloat16)
    latent = drawn(DiagonalGaussian(D), low, StandardNormal(D), torch.zeros(5, D))
    assert latent.z.dtype == latent.rate.dtype == torch.float32
    assert drawn(Deterministic(2 * D), low, StandardNormal(2 * D)).z.dtype == torch.float32


def test_a_gaussian_without_noise_is_an_error(raw):
    with pytest.raises(ValueError, match="noise"):
        drawn(DiagonalGaussian(D), raw, StandardNormal(D))


def test_a_point_has_no_density(raw):
    posterior = Deterministic(2 * D)
    latent = drawn(posterior, raw, StandardNormal(2 * D))
    assert torch.equal(latent.z, raw) and torch.equal(posterior.mean(raw), raw) and posterior.scale(raw) is None
    assert latent.log_q is latent.log_p is latent.rate is latent.rate_by_dimension is None
    assert not DeterministicConfig.has_density


RAW_SIZES = [("deterministic", D), ("gaussian", 2 * D), ("gaussian-full", 2 * D + D * (D - 1) // 2)]


@pytest.mark.parametrize(("kind", "raw_size"), RAW_SIZES)
def test_the_raw_size_is_what_the_encoder_must_give(kind, raw_size):
    posterior = build_posterior(PosteriorConfig.of(kind), D)
    assert posterior.raw_size == raw_size
    assert drawn(posterior, torch.zeros(3, raw_size), StandardNormal(D), torch.zeros(3, D)).z.shape == (3, D)


def test_the_prior_is_standard_normal():
    prior = build_prior(StandardNormalConfig(), D)
    draws, again = (prior.sample(20_000, torch.Generator().manual_seed(6)) for _ in range(2))
    assert torch.equal(draws, again)
    torch.testing.assert_close(draws.mean(0), torch.zeros(D), rtol=0, atol=0.036)
    torch.testing.assert_close(torch.cov(draws.T), torch.eye(D), rtol=0, atol=0.05)
    torch.testing.assert_close(prior.log_prob(draws), Normal(0.0, 1.0).log_prob(draws).sum(1))

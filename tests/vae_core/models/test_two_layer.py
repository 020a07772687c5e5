"""The two-layer model against torch.distributions, Monte Carlo and its own parts."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vae_core.config import (
    CategoryField,
    ConfigError,
    DeterministicConfig,
    FullGaussianConfig,
    MLPConfig,
    MMDConfig,
    ModelConfig,
    TwoLayerConfig,
    VonMisesFisherConfig,
)
from vae_core.models.build import build_model
from vae_core.models.kl import group_latent
from vae_core.models.posteriors import DiagonalGaussian
from vae_core.models.priors import ConditionalNormal

TOP, LOWER, N = 2, 5, 6
STRUCTURE = TwoLayerConfig(TOP, LOWER, (12,))


def config(**axes) -> ModelConfig:
    return ModelConfig.for_images((1, 8, 8), STRUCTURE, MLPConfig((16,)), **axes)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build_model(config()).eval()


@pytest.fixture
def images():
    return torch.rand(N, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def test_the_conditional_prior_and_its_rate_are_those_of_torch():
    torch.manual_seed(0)
    prior, posterior = ConditionalNormal(LOWER), DiagonalGaussian(LOWER)
    condition, raw, epsilon = torch.randn(N, 2 * LOWER), torch.randn(N, 2 * LOWER), torch.randn(N, LOWER)
    mu, logvar = (value.double() for value in condition.chunk(2, 1))
    p = Normal(mu, torch.exp(0.5 * logvar))
    q = Normal(raw[:, :LOWER].double(), torch.exp(0.5 * raw[:, LOWER:].double()))
    group, _ = group_latent(posterior, raw, prior, {"epsilon": epsilon}, condition)
    torch.testing.assert_close(group.rate_by_dimension.double(), kl_divergence(q, p), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(group.log_p.double(), p.log_prob(group.z.double()).sum(1), rtol=1e-4, atol=1e-4)
    drawn = prior.draw({"z": epsilon}, condition)
    torch.testing.assert_close(drawn.double(), p.mean + p.stddev * epsilon.double(), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(prior.standardised(drawn, condition), epsilon, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="is its condition"):
        prior.log_prob(drawn)


def test_the_rate_is_the_mean_of_log_q_less_log_p(model, images):
    draws = 4000
    batch = model.batch(images).repeat(draws)
    with model.inference():
        latent = model.infer(batch, model.draw_noise(len(batch), torch.Generator().manual_seed(2)))
    ratio = (latent.log_q - latent.log_p).double().reshape(N, draws)
    rate = latent.rate.double().reshape(N, draws)
    # The rate of the lower group is exact for each top code, so that both have one mean.
    error = (ratio - rate).std(1) / draws**0.5
    assert bool(((ratio - rate).mean(1).abs() < 4 * error).all())
    assert {name: tuple(z.shape[1:]) for name, z in latent.codes.items()} == {"top": (TOP,), "lower": (LOWER,)}


def test_a_code_and_its_details_give_the_reconstruction(model, images):
    codes = model.encode(images)
    assert codes.mean.shape == (N, TOP) and codes.details.shape == (N, LOWER)
    wanted = model.reconstruct(images)
    torch.testing.assert_close(model.decode(codes.mean, details=codes.details), wanted, rtol=1e-5, atol=1e-5)
    assert not torch.allclose(model.decode(codes.mean), wanted, atol=1e-3)


def test_details_of_zero_are_the_mean_of_the_prior_and_one_row_serves_all_codes(model):
    z = torch.randn(4, TOP, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(model.decode(z, details=torch.zeros(LOWER)), model.decode(z))
    details = torch.randn(LOWER, generator=torch.Generator().manual_seed(4))
    each = torch.cat([model.decode(one, details=details) for one in z])
    torch.testing.assert_close(model.decode(z, details=details, batch_size=3), each)
    with pytest.raises(ValueError, match=r"this model takes \(N, 5\)"):
        model.decode(z, details=torch.zeros(4))


def test_details_that_do_not_fit_are_one_clear_error(model):
    z = torch.zeros(3, TOP)
    with pytest.raises(ValueError, match="2 rows of details for 3 codes"):
        model.decode(z, details=torch.zeros(2, LOWER))
    with pytest.raises(ValueError, match="not finite"):
        model.decode(z, details=torch.full((LOWER,), float("nan")))
    flat = build_model(ModelConfig.for_images((1, 8, 8), TOP, MLPConfig((16,))))
    with pytest.raises(ValueError, match="no details below it"):
        flat.decode(z, details=torch.zeros(LOWER))
    with pytest.raises(ValueError, match="not finite"):
        flat.decode(torch.full((1, TOP), float("inf")))


def test_a_path_joins_the_reconstructions_of_its_ends(model, images):
    codes, wanted = model.encode(images[:2]), model.reconstruct(images[:2])
    path = model.interpolate(codes.mean[0], codes.mean[1], 5, details=codes.details)
    torch.testing.assert_close(path[[0, -1]], wanted, rtol=1e-5, atol=1e-5)


def test_samples_draw_the_details_too(model):
    one_code = type("OneCode", (), {"sample": lambda self, n, generator=None: torch.zeros(n, TOP)})()
    drawn = model.sample(3, one_code, seed=5)
    assert not torch.allclose(drawn[0], drawn[1], atol=1e-4)
    assert torch.equal(drawn, model.sample(3, one_code, seed=5))


def test_both_layers_are_given_a_class():
    torch.manual_seed(0)
    model = build_model(config(condition=CategoryField("label", 3))).eval()
    z = torch.zeros(1, TOP)
    first, second = (model.complete(z, None, torch.eye(3)[[k]])["lower"] for k in (0, 1))
    assert not torch.allclose(first, second)
    assert not torch.equal(model.decode(z, 0), model.decode(z, 1))


@pytest.mark.parametrize("posterior", [FullGaussianConfig(), DeterministicConfig()])
def test_any_posterior_of_euclidean_codes_will_do(posterior, images):
    model = build_model(config(posterior=posterior))
    latent = model.infer(model.batch(images), model.draw_noise(N))
    assert (latent.rate is None) == (not posterior.has_density)


def test_parts_that_do_not_go_together_are_refused():
    with pytest.raises(ConfigError, match="has vectors in a space of kind 'euclidean'"):
        config(posterior=VonMisesFisherConfig())
    with pytest.raises(ConfigError, match="must be points of one group"):
        config(objective=MMDConfig())

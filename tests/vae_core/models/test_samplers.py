"""A Gaussian that is fitted to codes has their mean and covariance."""

from __future__ import annotations

import pytest
import torch

from vae_core.config import DeterministicConfig, MLPConfig, ModelConfig
from vae_core.models.build import build_model
from vae_core.models.samplers import FittedGaussian

DRAWS = 50_000


def correlated(n: int = 200) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, 3, generator=generator) @ torch.tensor([[2.0, 0, 0], [1, 0.5, 0], [0, 3, 1]]) + 4


def test_samples_have_the_mean_and_covariance_of_the_codes():
    codes = correlated()
    drawn = FittedGaussian.fit(codes).sample(DRAWS, torch.Generator().manual_seed(1))
    # In units of the codes' own deviations, so that one tolerance fits all: 5 standard errors.
    root = torch.linalg.cholesky(torch.cov(codes.T))
    unit = torch.linalg.solve_triangular(root, (drawn - codes.mean(0)).T, upper=False)
    torch.testing.assert_close(unit.mean(1), torch.zeros(3), rtol=0, atol=5 / DRAWS**0.5)
    torch.testing.assert_close(torch.cov(unit), torch.eye(3), rtol=0, atol=5 * (2 / DRAWS) ** 0.5)


def test_the_root_is_one_of_the_covariance():
    fitted = FittedGaussian.fit(correlated())
    torch.testing.assert_close(fitted.root @ fitted.root.T, fitted.covariance.double(), rtol=1e-6, atol=1e-6)


def test_one_dimension_has_a_gaussian_too():
    fitted = FittedGaussian.fit(correlated()[:, :1])
    assert fitted.covariance.shape == (1, 1) and fitted.sample(4).shape == (4, 1)


def test_equal_codes_give_equal_samples():
    fitted = FittedGaussian.fit(torch.full((9, 2), 0.5))
    assert torch.equal(fitted.sample(3), torch.full((3, 2), 0.5))


def test_one_code_has_no_covariance():
    with pytest.raises(ValueError, match="at least 2 codes, not to 1"):
        FittedGaussian.fit(torch.zeros(1, 2))


def test_a_model_decodes_what_a_sampler_draws():
    torch.manual_seed(0)
    model = build_model(ModelConfig.for_images((1, 8, 8), 3, MLPConfig((8,)), DeterministicConfig()))
    fitted = FittedGaussian.fit(model.encode(torch.rand(50, 1, 8, 8)).mean)
    wanted = model.decode(fitted.sample(5, torch.Generator().manual_seed(2)))
    assert torch.equal(model.sample(5, fitted, seed=2), wanted)

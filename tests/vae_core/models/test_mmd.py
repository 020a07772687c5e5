"""The maximum mean discrepancy against its definition, and as a term of a whole batch."""

from __future__ import annotations

import pytest
import torch

from vae_core.config import DeterministicConfig, LinearSchedule, MLPConfig, MMDConfig, ModelConfig, RealNVPConfig
from vae_core.metrics import evaluate
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.models.objectives import MMD
from vae_core.models.objectives.mmd import squared_mmd
from vae_core.models.priors import StandardNormal
from vae_core.zoo import model_config

D = 3


def normal(n: int, seed: int, d: int = D) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def by_definition(x: torch.Tensor, y: torch.Tensor) -> float:
    """Gretton et al. 2012, eq. 3, pair by pair, with the inverse multiquadric kernel."""
    x, y, n = x.double(), y.double(), len(x)
    k = lambda a, b: 2 * D / (2 * D + float(((a - b) ** 2).sum()))  # noqa: E731
    within = sum(k(x[i], x[j]) + k(y[i], y[j]) for i in range(n) for j in range(n) if i != j)
    return within / (n * (n - 1)) - 2 * sum(k(a, b) for a in x for b in y) / n**2


def test_it_is_the_sum_over_all_pairs():
    x, y = 0.5 * normal(6, 0) + 1, normal(6, 1)
    assert float(squared_mmd(x, y)) == pytest.approx(by_definition(x, y), abs=1e-6)


def test_it_is_unbiased_where_both_distributions_are_the_same():
    found = torch.stack([squared_mmd(normal(8, 2 * i), normal(8, 2 * i + 1)) for i in range(2_000)])
    error = float(found.std() / len(found) ** 0.5)
    assert error < 2e-3 and abs(float(found.mean())) < 4 * error
    assert float(found.min()) < 0


@pytest.mark.parametrize("move", [lambda z: z + 1, lambda z: 0.3 * z, lambda z: 2 * z])
def test_it_is_positive_where_they_differ(move):
    assert float(squared_mmd(move(normal(2_000, 0)), normal(2_000, 1))) > 0.01


def test_one_code_says_nothing_and_far_codes_are_still_pulled():
    assert float(squared_mmd(normal(1, 0), normal(1, 1))) == 0
    far = (normal(4, 0) + 20).requires_grad_()
    squared_mmd(far, normal(4, 1)).backward()
    # Codes push one another apart, and all together are pulled to the draws.
    assert bool((far.grad.sum(0) > 1e-4).all())


def test_distances_are_taken_in_float32_under_autocast():
    x, y = normal(16, 0) + 30, normal(16, 1)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(squared_mmd(x, y), squared_mmd(x, y).float())
        inside = squared_mmd(x, y)
    assert torch.equal(inside, squared_mmd(x, y))


def test_the_weight_follows_its_schedule_and_the_loss_is_the_weighted_sum():
    objective = MMD(MMDConfig(50.0, LinearSchedule(share=0.5)), StandardNormal(D))
    assert [objective.weights(p)[0] for p in (0.0, 0.25, 1.0)] == pytest.approx([0, 25, 50])
    model = small("mmd-vae")
    noise = model.draw_noise(9, torch.Generator().manual_seed(0))
    terms = model.terms(model.batch(torch.rand(9, 1, 8, 8)), noise)
    wanted = terms["distortion"].mean() + 7 * squared_mmd(terms.latent.codes["z"], noise["objective.prior.z"])
    torch.testing.assert_close(model.objective(terms, (7.0,)), wanted)


def small(name: str) -> Autoencoder:
    torch.manual_seed(0)
    return build_model(model_config(name, (1, 8, 8), D, MLPConfig(hidden=(12,)))).eval()


def test_the_rate_is_no_term_of_the_loss_and_still_a_figure():
    model = small("mmd-vae")
    assert model.objective.terms == ("distortion", "mmd")
    assert model.capabilities.rate and model.capabilities.density and model.capabilities.prior
    figures = evaluate(model, torch.rand(6, 1, 8, 8), samples=4, iwae_samples=3)
    assert figures["rate"] == pytest.approx(float(model.encode(torch.rand(6, 1, 8, 8)).rate.mean()), abs=1.0)
    assert figures["negative_elbo"] == figures["distortion"] + figures["rate"] and figures["iwae_nll"] is not None


def test_a_point_and_a_learned_prior_go_with_it():
    """With a deterministic posterior it is WAE-MMD; draws of a learned prior pull the prior too."""
    torch.manual_seed(0)
    net, posterior = MLPConfig(hidden=(12,)), DeterministicConfig()
    config = ModelConfig.for_images((1, 8, 8), D, net, posterior, MMDConfig(), prior=RealNVPConfig())
    model = build_model(config)
    assert not model.capabilities.rate and model.capabilities.prior
    terms = model.terms(model.batch(torch.rand(9, 1, 8, 8)), model.draw_noise(9))
    model.objective(terms, (1.0,)).backward()
    assert all(bool((p.grad != 0).any()) for p in model.prior.parameters())

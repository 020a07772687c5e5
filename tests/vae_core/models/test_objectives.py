"""The loss is a weighted sum of per-image terms, reduced once."""

from __future__ import annotations

import pytest
import torch

from vae_core.config import ELBOConfig, LinearSchedule
from vae_core.models.latent import GroupLatent, Latent
from vae_core.models.objectives import ELBO, Reconstruction, Terms

DISTORTION = torch.tensor([100.0, 90.0, 80.0])
BY_GROUP = torch.tensor([[0.1, 3.0], [0.3, 5.0], [0.2, 1.0]])


def terms_of(distortion: torch.Tensor, rate: torch.Tensor, by_dimension: torch.Tensor | None = None) -> Terms:
    group = GroupLatent(torch.zeros(len(distortion), 2), rate=rate, rate_by_dimension=by_dimension)
    return Terms({"distortion": distortion, "rate": rate}, Latent({"z": group}))


@pytest.fixture
def terms():
    return terms_of(DISTORTION, BY_GROUP.sum(1), BY_GROUP)


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_loss_is_distortion_plus_beta_times_rate(terms, beta):
    wanted = 90 + beta * 3.2
    assert float(ELBO(ELBOConfig(beta))(terms, (beta,))) == pytest.approx(wanted)


def test_with_beta_1_the_loss_is_the_negative_elbo(terms):
    torch.testing.assert_close(ELBO(ELBOConfig())(terms, (1.0,)), (terms["distortion"] + terms["rate"]).mean())


def test_without_a_rate_the_loss_is_the_distortion_and_there_is_no_elbo():
    terms = Terms({"distortion": DISTORTION}, Latent({"z": GroupLatent(torch.zeros(3, 2))}))
    objective = Reconstruction()
    assert objective.terms == ("distortion",) and objective.weights(0.5) == ()
    assert float(objective(terms, objective.weights(0.5))) == 90


def test_a_batch_twice_over_costs_the_same(terms):
    twice = terms_of(*(torch.cat([t, t]) for t in (DISTORTION, BY_GROUP.sum(1), BY_GROUP)))
    for free_bits in (0.0, 1.0):
        objective = ELBO(ELBOConfig(2.0, free_bits=free_bits))
        torch.testing.assert_close(objective(twice, (2.0,)), objective(terms, (2.0,)))


def test_free_bits_are_a_floor_under_the_mean_of_each_group(terms):
    """Group means are 0.2 and 3; that single images are below the floor does not count (Kingma et al. 2016, eq. 15)."""
    for floor, charged in ((0.0, 3.2), (0.5, 3.5), (2.0, 5.0), (10.0, 20.0)):
        objective = ELBO(ELBOConfig(free_bits=floor))
        assert float(objective(terms, (1.0,))) == pytest.approx(90 + charged)
        assert float(objective(terms, (3.0,))) == pytest.approx(90 + 3 * charged)


def test_free_bits_push_only_groups_above_the_floor():
    by_group = BY_GROUP.clone().requires_grad_()
    ELBO(ELBOConfig(free_bits=0.5))(terms_of(DISTORTION, by_group.sum(1), by_group), (1.0,)).backward()
    torch.testing.assert_close(by_group.grad, torch.tensor([[0.0, 1 / 3]] * 3))


def test_free_bits_without_groups_are_of_the_whole_rate():
    objective = ELBO(ELBOConfig(free_bits=5.0))
    assert float(objective(terms_of(DISTORTION, BY_GROUP.sum(1)), (1.0,))) == pytest.approx(95)


def test_beta_follows_its_schedule():
    objective = ELBO(ELBOConfig(4.0, LinearSchedule(share=0.5)))
    assert [objective.weights(p)[0] for p in (0.0, 0.25, 0.5, 1.0)] == pytest.approx([0, 2, 4, 4])

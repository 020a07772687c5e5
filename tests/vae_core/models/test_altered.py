"""A model under another objective or likelihood: the same images, and nothing of the first model touched."""

from __future__ import annotations

import pytest
import torch

from vae_core.config import (
    BernoulliConfig,
    ConfigError,
    GaussianConfig,
    LearnedGaussianConfig,
    LikelihoodConfig,
    ModelConfig,
    PosteriorConfig,
    ResidualConfig,
)
from vae_core.models.altered import altered
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model

LIKELIHOODS = {config.kind: config for config in (BernoulliConfig(), GaussianConfig(0.3), LearnedGaussianConfig(0.3))}
KINDS = ("bernoulli", "gaussian", "gaussian-learned")
SIGMA = "likelihood.raw_sigma"


def make(kind="bernoulli", posterior="gaussian") -> Autoencoder:
    torch.manual_seed(0)
    net = ResidualConfig(channels=(8,), hidden=(16,))
    model = build_model(
        ModelConfig.for_images((1, 8, 8), 2, net, PosteriorConfig.of(posterior), likelihood=LikelihoodConfig.of(kind))
    )
    return model.eval()


@pytest.mark.parametrize("found", KINDS)
@pytest.mark.parametrize("wanted", KINDS)
def test_it_rebuilds_the_same_images_under_every_likelihood(found, wanted):
    model, x = make(found), torch.rand(5, 1, 8, 8)
    new = altered(model, beta=3.0, free_bits=0.5, likelihood=LIKELIHOODS[wanted])
    assert new.config.likelihood.kind == wanted
    assert (new.objective.weights(1.0)[0], new.config.objective.free_bits) == (3.0, 0.5)
    assert torch.equal(new.reconstruct(x), model.reconstruct(x)) and not new.training
    if wanted != "bernoulli":
        assert new.likelihood.sigma.item() == pytest.approx(0.3)
    states = new.state_dict(), model.state_dict()
    assert (SIGMA in states[0]) == (wanted == "gaussian-learned")
    for name in states[0].keys() - {SIGMA}:
        assert torch.equal(states[0][name], states[1][name]) and states[0][name].data_ptr() != states[1][name].data_ptr()


def test_what_was_learnt_of_sigma_stays_unless_another_is_asked_for():
    model = make("gaussian-learned")
    with torch.no_grad():
        model.likelihood.raw_sigma.fill_(-1.0)
    learnt = model.likelihood.sigma.item()
    for same in (None, model.config.likelihood):
        assert altered(model, beta=2.0, likelihood=same).likelihood.sigma.item() == learnt
    other = altered(model, likelihood=LearnedGaussianConfig(sigma=0.5))
    assert other.likelihood.sigma.item() == pytest.approx(0.5) and model.likelihood.sigma.item() == learnt


def test_grey_pixels_can_become_binary_ones():
    assert altered(make(), likelihood=BernoulliConfig(binarize=True)).draw_noise(1).keys() >= {"image.pixels"}


def test_a_plain_autoencoder_has_no_rate_to_weigh():
    model = make(posterior="deterministic")
    for given in ({"beta": 1.0}, {"free_bits": 0.0}):
        with pytest.raises(ConfigError, match=f"{next(iter(given))} weighs a rate"):
            altered(model, **given)
    assert altered(model, likelihood=GaussianConfig()).config.objective == model.config.objective


def test_a_likelihood_of_other_raw_channels_is_refused(monkeypatch):
    model = make()
    monkeypatch.setattr("vae_core.models.likelihoods.Gaussian.raw_channels", 2)
    with pytest.raises(ConfigError, match=r"takes 2 raw channels .* gives 1"):
        altered(model, likelihood=GaussianConfig())

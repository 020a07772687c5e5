"""Likelihoods against torch.distributions and closed forms."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Normal

from vae_core.config import BernoulliConfig, CategoricalConfig, GaussianConfig, ImageField, LearnedGaussianConfig, TokensField
from vae_core.models.likelihoods import Bernoulli, Gaussian, build_likelihood
from vae_core.specs import NoiseSpec

IMAGE = ImageField("image", 3, 9, 8)
CONFIGS = [
    BernoulliConfig(),
    BernoulliConfig(binarize=True),
    GaussianConfig(0.2),
    LearnedGaussianConfig(0.2),
]


@pytest.fixture
def raw():
    return 3 * torch.randn(6, 3, 9, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def x():
    return torch.rand(6, 3, 9, 8, generator=torch.Generator().manual_seed(1))


def test_bernoulli_is_that_of_torch_on_binary_pixels(raw, x):
    binary = (x > 0.5).float()
    wanted = TorchBernoulli(logits=raw.double()).log_prob(binary.double()).sum((1, 2, 3))
    torch.testing.assert_close(Bernoulli(IMAGE).log_prob(raw, binary).double(), wanted, rtol=1e-5, atol=0)


def test_bernoulli_on_grey_pixels_is_the_cross_entropy(raw, x):
    p, grey = torch.sigmoid(raw.double()), x.double()
    wanted = (grey * p.log() + (1 - grey) * (1 - p).log()).sum((1, 2, 3))
    torch.testing.assert_close(Bernoulli(IMAGE).log_prob(raw, x).double(), wanted, rtol=1e-5, atol=0)


def test_bernoulli_is_finite_where_its_mean_is_exactly_0_or_1():
    raw = torch.tensor([-200.0, 200.0]).reshape(2, 1, 1, 1)
    right, wrong = torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1), torch.tensor([1.0, 0.0]).reshape(2, 1, 1, 1)
    torch.testing.assert_close(Bernoulli(IMAGE).log_prob(raw, right), torch.zeros(2))
    torch.testing.assert_close(Bernoulli(IMAGE).log_prob(raw, wrong), torch.full((2,), -200.0))


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("sigma", [0.01, 0.1, 1.0])
def test_gaussian_is_that_of_torch_with_its_normaliser(raw, x, sigma, learned):
    wanted = Normal(torch.sigmoid(raw.double()), sigma).log_prob(x.double()).sum((1, 2, 3))
    torch.testing.assert_close(Gaussian(sigma, learned).log_prob(raw, x).double(), wanted, rtol=1e-5, atol=1e-3)


def test_the_best_learned_sigma_is_the_root_mean_square_error(raw, x):
    likelihood = Gaussian(0.5, learned=True)
    optimizer = torch.optim.LBFGS(likelihood.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        out = -likelihood.log_prob(raw, x).mean()
        out.backward()
        return out

    optimizer.step(loss)
    rmse = float(((x - torch.sigmoid(raw)) ** 2).mean().sqrt())
    assert likelihood.sigma.item() == pytest.approx(rmse, rel=1e-3)


def test_only_a_learned_sigma_is_a_parameter():
    assert [n for n, _ in Gaussian(0.1, learned=True).named_parameters()] == ["raw_sigma"]
    assert Gaussian(0.1).state_dict() == {}


def test_sigma_has_a_floor():
    likelihood = Gaussian(0.1, learned=True)
    with torch.no_grad():
        likelihood.raw_sigma.fill_(-100)
    assert likelihood.sigma.item() == pytest.approx(1e-3)
    perfect = likelihood.log_prob(torch.zeros(1, 1, 2, 2), torch.full((1, 1, 2, 2), 0.5))
    assert perfect.item() == pytest.approx(-4 * (math.log(1e-3) + 0.5 * math.log(2 * math.pi)), rel=1e-5)


def test_sigma_rises_again_from_its_floor(raw, x):
    likelihood = Gaussian(0.1, learned=True)
    with torch.no_grad():
        likelihood.raw_sigma.fill_(math.log(1e-4))
    (-likelihood.log_prob(raw, x).mean()).backward()
    assert likelihood.raw_sigma.grad.item() < 0


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_figures_are_per_image_summed_and_independent_of_the_batch(config, raw, x):
    likelihood = build_likelihood(config, IMAGE)
    whole = likelihood.log_prob(raw, x)
    assert whole.shape == (6,)
    for i in range(6):
        torch.testing.assert_close(likelihood.log_prob(raw[i : i + 1], x[i : i + 1]), whole[i : i + 1])
    stacked = likelihood.log_prob(torch.cat([raw, raw], 2), torch.cat([x, x], 2))
    torch.testing.assert_close(stacked, 2 * whole)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_a_bfloat16_decoder_is_scored_in_float32(config, raw, x):
    likelihood = build_likelihood(config, IMAGE)
    low = raw.to(torch.bfloat16)
    assert likelihood.log_prob(low, x).dtype == likelihood.representative(low).dtype == torch.float32
    torch.testing.assert_close(likelihood.log_prob(low, x), likelihood.log_prob(low.float(), x), rtol=0, atol=0)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_samples_have_the_mean_and_repeat_with_the_generator(config, raw):
    likelihood = build_likelihood(config, IMAGE)
    some = raw[:1, :, :2, :2].expand(20_000, -1, -1, -1)
    draws, again = (likelihood.sample(some, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(draws, again)
    # The mean of 20,000 draws of deviation at most 0.5 has a standard error of at most 0.0036.
    torch.testing.assert_close(draws.mean(0), likelihood.representative(some)[0], rtol=0, atol=0.018)
    if config.kind == "bernoulli":
        assert set(draws.unique().tolist()) == {0.0, 1.0}
    else:
        assert draws.std(0).flatten().tolist() == pytest.approx([0.2] * 12, rel=0.03)


def test_the_mean_is_the_sigmoid(raw):
    for config in CONFIGS:
        torch.testing.assert_close(build_likelihood(config, IMAGE).representative(raw), torch.sigmoid(raw))


def test_binary_targets_are_1_as_often_as_they_are_bright(x):
    likelihood = Bernoulli(IMAGE, binarize=True)
    assert likelihood.noise == (NoiseSpec("pixels", IMAGE.shape, "uniform"),)
    noise = torch.rand(20_000, *x.shape[1:], generator=torch.Generator().manual_seed(2))[:, :, :2, :2]
    drawn = likelihood.target(x[:1, :, :2, :2].expand(20_000, -1, -1, -1), {"pixels": noise})
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(drawn.mean(0), x[0, :, :2, :2], rtol=0, atol=0.018)
    extremes = torch.tensor([0.0, 1.0]).repeat(500).reshape(1, 1, 10, 100)
    assert torch.equal(likelihood.target(extremes, {"pixels": torch.rand(1, 1, 10, 100)}), extremes)
    with pytest.raises(ValueError, match="noise"):
        likelihood.target(x, {})


@pytest.mark.parametrize("config", [CONFIGS[0], *CONFIGS[2:]], ids=str)
def test_other_targets_are_the_images(config, x):
    likelihood = build_likelihood(config, IMAGE)
    assert likelihood.target(x, {}) is x and likelihood.noise == ()


@pytest.mark.parametrize("config", [CONFIGS[0], *CONFIGS[2:]], ids=str)
def test_entries_that_were_not_observed_count_for_nothing(config, raw, x):
    likelihood = build_likelihood(config, IMAGE)
    observed = torch.rand(x.shape, generator=torch.Generator().manual_seed(3)) < 0.6
    if config.kind == "bernoulli":
        each = -torch.nn.functional.binary_cross_entropy(torch.sigmoid(raw.double()), x.double(), reduction="none")
    else:
        each = Normal(torch.sigmoid(raw.double()), config.sigma).log_prob(x.double())
    wanted = (each * observed).sum((1, 2, 3))
    torch.testing.assert_close(likelihood.log_prob(raw, x, observed).double(), wanted, rtol=1e-4, atol=1e-3)
    hidden = torch.where(observed, x, torch.rand_like(x))
    torch.testing.assert_close(likelihood.log_prob(raw, hidden, observed), likelihood.log_prob(raw, x, observed))
    torch.testing.assert_close(likelihood.log_prob(raw, x, torch.ones_like(observed)), likelihood.log_prob(raw, x))


TEXT = TokensField("text", 5, tuple("abc"))
TOKENS = torch.tensor([[1, 2, 3, 0, 0], [3, 3, 3, 3, 3], [0, 0, 0, 0, 0], [2, 0, 1, 0, 3]])
SCORED = torch.tensor([[1, 1, 1, 1, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0], [1, 1, 0, 0, 0]], dtype=torch.bool)
"""The places up to the first end of each text."""


@pytest.fixture
def logits():
    return 3 * torch.randn(4, 5, 4, generator=torch.Generator().manual_seed(0))


def test_a_text_is_scored_up_to_its_end(logits):
    found = build_likelihood(CategoricalConfig(), TEXT).log_prob(logits, TOKENS)
    flat = torch.nn.functional.cross_entropy(logits.double().reshape(20, 4), TOKENS.reshape(20), reduction="none").reshape(4, 5)
    torch.testing.assert_close(found.double(), -(flat * SCORED).sum(1), rtol=1e-5, atol=0)


def test_probabilities_of_all_texts_add_up_to_1():
    short = TokensField("text", 3, tuple("ab"))
    every = torch.cartesian_prod(*[torch.arange(3)] * 3)
    # Of the texts that are equal up to their end, one is counted.
    distinct = torch.tensor([row for row in every.tolist() if all(b == 0 for a, b in itertools.pairwise(row) if a == 0)])
    raw = torch.randn(1, 3, 3, generator=torch.Generator().manual_seed(1)).expand(len(distinct), -1, -1)
    total = build_likelihood(CategoricalConfig(), short).log_prob(raw, distinct).exp().sum()
    assert float(total) == pytest.approx(1, abs=1e-5)


def test_the_likeliest_text_ends_once(logits):
    likelihood = build_likelihood(CategoricalConfig(), TEXT)
    logits[0, 1, 0] = 100
    found = likelihood.representative(logits)
    assert torch.equal(found[0], torch.cat([logits[0, :1].argmax(1), torch.zeros(4, dtype=torch.int64)]))
    drawn = likelihood.sample(logits, torch.Generator().manual_seed(2))
    for text in (*found.tolist(), *drawn.tolist()):
        assert 0 not in text or not any(text[text.index(0) :])


def test_tokens_that_were_not_observed_count_for_nothing(logits):
    likelihood, observed = build_likelihood(CategoricalConfig(), TEXT), torch.zeros(4, 5, dtype=torch.bool)
    observed[0, 1] = observed[0, 4] = True
    wanted = logits[0, 1].log_softmax(0)[2]
    torch.testing.assert_close(likelihood.log_prob(logits, TOKENS, observed), torch.tensor([float(wanted), 0.0, 0.0, 0.0]))

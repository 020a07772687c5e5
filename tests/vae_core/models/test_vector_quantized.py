"""Codes of a codebook: the nearest vectors, the gradient that passes them by, terms, rate, prior, space and configuration."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vae_core import TrainConfig, build_model, fit, load_dataset
from vae_core.batch import Batch, scale
from vae_core.config import (
    CategoryField,
    ConfigError,
    ConvConfig,
    ELBOConfig,
    GridConfig,
    MLPConfig,
    ModelConfig,
    QuantizationConfig,
    ResidualConfig,
    UniformCodesConfig,
    VectorQuantizedConfig,
    unused,
)
from vae_core.export import decoder_program, encoder_program
from vae_core.metrics import evaluate, iwae_nll
from vae_core.metrics.activity import perplexity
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.posteriors import VectorQuantized
from vae_core.models.priors import UniformCodes
from vae_core.zoo import model_config, zoo_name

CODES, WIDTH, GRID = 5, 3, (2, 4)
STRUCTURE = GridConfig(GRID, CODES)
NETS = [MLPConfig((12,)), ConvConfig((4, 6), (8,)), ResidualConfig((4, 6), (8,), norm="none")]
IMAGE = (1, 11, 8)


@pytest.fixture
def posterior() -> VectorQuantized:
    torch.manual_seed(0)
    found = VectorQuantized(VectorQuantizedConfig(WIDTH), STRUCTURE)
    torch.nn.init.normal_(found.codebook.weight)
    return found


@pytest.fixture
def raw() -> torch.Tensor:
    return torch.randn(6, WIDTH, *GRID, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module", params=NETS, ids=lambda net: net.kind)
def model(request) -> Autoencoder:
    torch.manual_seed(0)
    return build_model(model_config("vq-vae", IMAGE, 2, request.param)).eval()


def images(n: int = 6) -> torch.Tensor:
    return torch.randint(0, 256, (n, *IMAGE), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))


def test_each_code_is_that_of_the_nearest_vector(posterior, raw):
    weight = posterior.codebook.weight.detach().double().numpy()
    found = posterior.mean(raw)
    assert found.dtype == torch.int64 and found.shape == (6, *GRID) and posterior.scale(raw) is None
    for image, row, column in np.ndindex(6, *GRID):
        point = raw[image, :, row, column].double().numpy()
        wanted = min(range(CODES), key=lambda code: ((weight[code] - point) ** 2).sum())
        assert int(found[image, row, column]) == wanted
    torch.testing.assert_close(posterior.vectors(found)[2, :, 1, 3], posterior.codebook.weight[found[2, 1, 3]])


def test_the_gradient_passes_the_vectors_by(posterior, raw):
    raw.requires_grad_()
    drawn = posterior.draw(raw, {})
    torch.testing.assert_close(drawn.z, posterior.vectors(posterior.mean(raw)))
    direction = torch.randn(drawn.z.shape, generator=torch.Generator().manual_seed(3))
    (drawn.z * direction).sum().backward()
    torch.testing.assert_close(raw.grad, direction)
    assert posterior.codebook.weight.grad is None


def test_terms_are_squared_distances_that_move_one_side_each(posterior, raw):
    raw.requires_grad_()
    vectors = posterior.vectors(posterior.mean(raw)).detach()
    difference = (raw - vectors).detach()
    wanted = difference.double().numpy().reshape(6, -1)
    terms = posterior.draw(raw, {}).terms
    assert set(terms) == set(VectorQuantizedConfig.terms)
    for value in terms.values():
        np.testing.assert_allclose(value.detach().numpy(), (wanted**2).sum(1), rtol=1e-5)
    terms["commitment"].sum().backward()
    torch.testing.assert_close(raw.grad, 2 * difference)
    assert posterior.codebook.weight.grad is None
    raw.grad = None
    terms["codebook"].sum().backward()
    assert raw.grad is None
    # Each vector is drawn to the places that it stands for.
    codes, places = posterior.mean(raw).flatten(), -2 * difference.movedim(1, -1).reshape(-1, WIDTH)
    by_hand = torch.stack([places[codes == code].sum(0) for code in range(CODES)])
    torch.testing.assert_close(posterior.codebook.weight.grad, by_hand)


def test_a_squared_distance_is_the_kl_of_normal_distributions_of_variance_one_half(posterior, raw):
    normal = torch.distributions.Normal
    vectors, sigma = posterior.vectors(posterior.mean(raw)), math.sqrt(0.5)
    kl = torch.distributions.kl_divergence(normal(raw, sigma), normal(vectors, sigma)).flatten(1).sum(1)
    torch.testing.assert_close(posterior.draw(raw, {}).terms["codebook"], kl)


def test_the_loss_is_that_of_the_paper(model):
    batch = Batch({"image": scale(images())})
    terms = model.terms(batch, {})
    model.zero_grad()
    weights = model.objective.weights(0.3)
    loss = model.objective(terms, weights, model.objective.terms)
    wanted = terms["distortion"] + terms["codebook"] + 0.25 * terms["commitment"]
    torch.testing.assert_close(loss, wanted.mean())
    # What chooses the best weights is the bound, up to its constant rate.
    torch.testing.assert_close(model.objective(terms, weights), terms["distortion"].mean())
    loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and bool((parameter.grad != 0).any()), name


def test_grids_whose_distances_fill_the_memory_are_refused():
    with pytest.raises(ConfigError, match=r"GridConfig.codes is 32768; it must be 128 or less on a grid of 64x64"):
        GridConfig((64, 64), 2**15)


def test_the_rate_is_that_of_one_grid_among_all(model):
    places = math.prod(model.config.structure.code_shape)
    wanted = places * math.log(model.config.structure.codes)
    found = model.encode(images())
    torch.testing.assert_close(found.rate, torch.full((6,), wanted))
    figures = evaluate(model, images())
    assert figures["samples"] == 1 and figures["rate"] == pytest.approx(wanted, rel=1e-6)
    assert figures["negative_elbo"] == pytest.approx(figures["distortion"] + wanted, rel=1e-6)
    assert figures["active_units"] is None


def test_there_are_no_importance_samples_of_one_code(model):
    assert model.capabilities.rate and not (model.capabilities.density or model.capabilities.plane or model.capabilities.prior)
    with pytest.raises(ValueError, match="one code for each image"):
        iwae_nll(model, images(), 3)


def test_the_prior_draws_all_codes_alike():
    prior = UniformCodes(STRUCTURE)
    drawn = prior.sample(4000, torch.Generator().manual_seed(0))
    assert drawn.dtype == torch.int64 and drawn.shape == (4000, *GRID)
    assert int(drawn.min()) == 0 and int(drawn.max()) == CODES - 1
    shares = drawn.flatten().bincount() / drawn.numel()
    torch.testing.assert_close(shares, torch.full((CODES,), 1 / CODES), rtol=0, atol=0.01)
    torch.testing.assert_close(prior.log_prob(drawn[:2]).exp() * CODES**8, torch.ones(2))
    assert int(prior.draw({"codes": torch.full((1, *GRID), 1.0)}).max()) == CODES - 1


def test_perplexity_counts_codes_that_are_used_alike():
    assert perplexity(torch.arange(8).reshape(2, 2, 2)) == pytest.approx(8)
    assert perplexity(torch.full((3, 2, 2), 4)) == pytest.approx(1)
    shares = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)
    assert perplexity(torch.tensor([[[7, 7], [0, 2]]])) == pytest.approx(float(torch.exp(-(shares * shares.log()).sum())))


def test_codes_are_whole_numbers_and_decode_to_the_reconstruction(model):
    found = model.encode(images())
    assert found.mean.dtype == torch.int64 and found.mean.shape[1:] == model.config.structure.code_shape
    torch.testing.assert_close(model.decode(found.mean), model.reconstruct(images()))
    torch.testing.assert_close(model.decode(found.mean.numpy().astype(np.float64)), model.reconstruct(images()))
    assert model.decode(found.mean[0]).shape == (1, *IMAGE)
    torch.testing.assert_close(model.encode(images(), batch_size=4).mean, found.mean)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_codes_that_are_not_finite_are_refused(model, value):
    with pytest.raises(ValueError, match="not finite"):
        model.decode(torch.full((2, *model.config.structure.code_shape), value))


@pytest.mark.parametrize("value", [0.5, -1, 128])
def test_values_that_are_no_codes_are_refused(model, value):
    codes = torch.zeros(2, *model.config.structure.code_shape)
    codes[1, 0, 0] = value
    with pytest.raises(ValueError, match="whole numbers from 0 to 127; these have values"):
        model.decode(codes)


def test_the_space_has_distances_and_nothing_between_two_codes(model):
    space, shape = model.space, model.config.structure.code_shape
    codes = torch.randint(0, 128, (5, *shape), generator=torch.Generator().manual_seed(4))
    vectors = model.posterior.vectors(codes).detach().movedim(1, -1).flatten(1)
    torch.testing.assert_close(space.vectors(codes), vectors)
    torch.testing.assert_close(space.distance(codes[:2], codes), torch.cdist(vectors[:2], vectors), rtol=1e-4, atol=1e-4)
    assert torch.equal(space.project(codes + 0.2), codes)
    for action, message in (
        (lambda: model.interpolate(codes[0], codes[1]), "no path between two"),
        (lambda: model.traverse(codes[0], 0, [1.0]), "none of them can be varied"),
        (lambda: space.plane(codes[0], codes[1], codes[2], torch.zeros(1, 2)), "no plane through them"),
    ):
        with pytest.raises(ValueError, match=message):
            action()
    with pytest.raises(ValueError, match="The code of this model is no vector"):
        _ = model.config.latent


def test_vectors_that_do_not_fit_into_memory_are_refused():
    space = VectorQuantized(VectorQuantizedConfig(256), GridConfig((64, 64))).space
    with pytest.raises(ValueError, match="The vectors of 100,000 codes are 104,857,600,000 numbers"):
        space.vectors(torch.zeros(1, 64, 64, dtype=torch.int64).expand(100_000, -1, -1))


def test_the_space_has_the_vectors_that_a_model_was_given_later(model):
    other = build_model(model.config)
    other.load_state_dict({name: value.clone() for name, value in model.state_dict().items()}, assign=True)
    codes = model.encode(images()).mean
    torch.testing.assert_close(other.space.vectors(codes), model.space.vectors(codes))


def test_programs_for_the_browser_take_and_give_whole_numbers(model):
    decoder, encoder = decoder_program(model), encoder_program(model)
    shape = list(model.config.structure.code_shape)
    assert list(decoder.header["inputs"]["z"]) == shape and decoder.macs > 0 and encoder.macs > 0
    assert list(encoder.header["outputs"]) == ["mean"]


def test_a_class_is_given_as_further_channels():
    torch.manual_seed(0)
    base = model_config("vq-vae", IMAGE, 2, NETS[1])
    observation = base.observation.replace(fields=(*base.observation.fields, CategoryField("label", 3)))
    model = build_model(base.replace(observation=observation, given=("label",))).eval()
    batch = model.batch(images(), [0, 1, 2, 0, 1, 2])
    codes = model.encode(batch).mean
    first, second = (model.decode(codes, condition) for condition in (0, 1))
    assert not torch.equal(first, second)
    assert not torch.equal(model.features(batch.in_compute(model.observation))["z"][0],
                           model.features(model.batch(images(), 2).in_compute(model.observation))["z"][0])  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"structure": ModelConfig.for_images(IMAGE, 2).structure}, "structure of kind 'flat' has vectors"),
        ({"structure": GridConfig((3, 3))}, r"GridConfig\.grid is \(3, 3\); it must be \(2, 2\) with this net"),
        ({"objective": ELBOConfig()}, "adds codebook and commitment to the loss"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(changes, message):
    config = model_config("vq-vae", IMAGE, 2, NETS[1])
    with pytest.raises(ConfigError, match=message):
        config.replace(**changes)


def test_other_posteriors_are_refused_on_a_grid_and_under_its_objective():
    vae = ModelConfig.for_images(IMAGE, 2)
    with pytest.raises(ConfigError, match="choose a structure and a posterior that go together"):
        vae.replace(structure=GridConfig((2, 2)))
    with pytest.raises(ConfigError, match="adds no terms to the loss"):
        vae.replace(objective=QuantizationConfig())
    with pytest.raises(ConfigError, match="choose a posterior and a prior of one space"):
        vae.replace(prior=UniformCodesConfig())


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.kind)
def test_the_grid_suits_the_net_and_the_row_is_found_again(net):
    config = model_config("vq-vae", (1, 28, 28), 2, net)
    assert config.structure.grid == (7, 7) and config.code_size == 49 and zoo_name(config) == "vq-vae"
    assert ModelConfig.from_json(config.to_json()) == config
    assert zoo_name(config.replace(structure=config.structure.replace(codes=32))) == "vq-vae"


def test_the_commitment_has_no_effect_on_the_decoder_alone():
    config = model_config("vq-vae", IMAGE, 2, NETS[0])
    assert "commitment_weight" in unused(config, TrainConfig(steps=1, trained="decoder"))
    assert "commitment_weight" not in unused(config, TrainConfig(steps=1))


@pytest.mark.parametrize("trained", ["all", "encoder", "decoder", "heads"])
def test_the_codebook_trains_with_the_encoder(trained):
    torch.manual_seed(0)
    digits = load_dataset("digits")
    model = build_model(model_config("vq-vae", digits.image, 2, NETS[1]))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fit(model, digits, TrainConfig(steps=3, batch_size=32, engine="eager", threads=1, trained=trained), subscribers=[])
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert ("posterior.codebook.weight" in moved) == (trained in ("all", "encoder"))
    assert any(name.startswith("decoder") for name in moved) == (trained != "encoder")


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path):
    digits = load_dataset("digits")
    train = TrainConfig(steps=12, batch_size=32, engine="eager", threads=1)

    def run(folder, stop_at=None):
        torch.manual_seed(0)
        model = build_model(model_config("vq-vae", digits.image, 2, NETS[1]))
        steps = []
        fit(model, digits, train, folder=folder, subscribers=[],
            should_stop=lambda: stop_at is not None and (steps.append(0) or len(steps) > stop_at))  # fmt: skip
        return model.state_dict()

    whole = run(tmp_path / "whole")
    run(tmp_path / "stopped", stop_at=5)
    resumed = run(tmp_path / "stopped")
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())

"""One contract for every model: those of the zoo, and members of each axis that the package does not know."""

from __future__ import annotations

import pytest
import torch
from toy_members import IMAGE, Logistic, toy_members

from vae_core import TrainConfig, build_model, checkpoint, fit, load_dataset
from vae_core.batch import Batch
from vae_core.checkpoint.measured import save_measured
from vae_core.config import GRUConfig, MLPConfig, ModelConfig
from vae_core.data.names import FIELD as TEXT
from vae_core.export import ExportError, decoder_program, encoder_program
from vae_core.metrics import evaluate, iwae_nll
from vae_core.zoo import ZOO, model_config

TOYS = ("net", "posterior", "prior", "likelihood", "all")
STEPS = 30


@pytest.fixture(scope="module")
def data(config):
    """The digits for models of images, and made-up names for models of texts."""
    return load_dataset("digits" if config.observation.images else "made_up_names")


@pytest.fixture(scope="module")
def toys():
    with toy_members() as members:
        yield members


@pytest.fixture(scope="module", params=[*ZOO, *(f"toy {axis}" for axis in TOYS)])
def config(request, toys) -> ModelConfig:
    if request.param in ZOO:
        if ZOO[request.param].net is not None:
            return model_config(request.param, TEXT, 2, GRUConfig(embedding=6, units=16))
        return model_config(request.param, IMAGE, 2, MLPConfig((16,)), classes=10)
    return toys[request.param.removeprefix("toy ")]


@pytest.fixture(scope="module")
def trained(config, data):
    """A model after a few steps, the summary of its run, and its loss before and after."""
    torch.manual_seed(0)
    model, train = build_model(config), TrainConfig(steps=STEPS, batch_size=64, lr=5e-3, engine="eager", threads=1)
    before = loss(model, data)
    summary = fit(model, data, train, subscribers=[])
    return model.eval(), train, summary, before


def loss(model, data) -> float:
    batch = Batch(data.validation.first(50).fields).in_compute(model.observation)
    with model.inference():
        terms = model.terms(batch, model.draw_noise(50, torch.Generator().manual_seed(1)))
        return float(model.objective(terms, model.objective.weights(1.0)))


def test_its_configuration_goes_through_json(config):
    assert ModelConfig.from_json(config.to_json()) == config


def test_training_lowers_its_loss(trained, data):
    model, _, summary, before = trained
    assert summary.steps == STEPS and summary.reason == "done"
    assert loss(model, data) < before


def test_its_figures_are_those_of_its_capabilities(trained, data):
    model, x = trained[0], data.test.first(40)
    found = evaluate(model, x, samples=2)
    assert found["distortion"] is not None and found["mse" if model.config.observation.images else "token_accuracy"] >= 0
    assert (found["rate"] is not None) == model.capabilities.rate == (found["negative_elbo"] is not None)
    if model.capabilities.density:
        bounds = [float(iwae_nll(model, x, k).mean()) for k in (1, 50)]
        assert bounds[1] < bounds[0]


def test_its_figures_do_not_depend_on_the_size_of_batches(trained, data):
    model, x = trained[0], data.test.first(30)
    first, second = (evaluate(model, x, samples=1, batch_size=size) for size in (30, 7))
    for name, value in first.items():
        assert value == (second[name] if value is None else pytest.approx(second[name], rel=1e-4, abs=1e-4)), name


def test_a_checkpoint_holds_it(trained, data, tmp_path):
    model, train, summary, _ = trained
    saved = save_measured(model, data, train, summary, tmp_path / "a.safetensors", samples=1)
    found = checkpoint.load(tmp_path / "a.safetensors")
    assert found.config == model.config and found.metrics == saved.metrics
    codes, classes = model.encode(data.test).mean, data.test.y if model.conditions else None
    torch.testing.assert_close(found.held_out.codes, codes, rtol=5e-3, atol=5e-3)
    if not model.modelled.discrete:
        torch.testing.assert_close(found.model.decode(codes, classes), model.decode(codes, classes), rtol=0, atol=5e-3)
    batch = model.batch(data.test).in_compute(model.observation)
    with model.inference(), found.model.inference():
        scores = [one.log_likelihood(one.complete(codes, None, one.condition(batch)), batch) for one in (found.model, model)]
    torch.testing.assert_close(*scores, rtol=5e-3, atol=5e-3)


def test_it_draws_observations(trained):
    model = trained[0]
    condition = 0 if model.conditions else None
    drawn = model.sample(5, seed=3, condition=condition)
    assert drawn.shape == (5, *model.modelled.shape) and bool(torch.isfinite(drawn).all())
    assert torch.equal(drawn, model.sample(5, seed=3, condition=condition))


def test_it_has_programs_for_the_browser_or_says_why(trained):
    model = trained[0]
    assert decoder_program(model).macs > 0
    if isinstance(model.posterior, Logistic):
        with pytest.raises(ExportError, match="The output scale does not depend on the input"):
            encoder_program(model)
    else:
        assert encoder_program(model).macs > 0

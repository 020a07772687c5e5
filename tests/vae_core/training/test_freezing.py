"""What trains changes, and nothing else does: weights and statistics are equal to the last bit."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from small_nets import with_batch_norm
from torch import nn

from vae_core.batch import Batch
from vae_core.config import (
    ConvConfig,
    LikelihoodConfig,
    MLPConfig,
    ModelConfig,
    PosteriorConfig,
    ResidualConfig,
    TrainConfig,
)
from vae_core.data import load_dataset
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.training import TrainingError, fit
from vae_core.training.fit import STATE_FILE
from vae_core.training.freezing import only, parts
from vae_core.training.state import StateError

NETS = {
    "mlp": MLPConfig(hidden=(32, 16)),
    "conv": ConvConfig(channels=(8,), hidden=(32,)),
    "conv without norm": ConvConfig(channels=(8,), hidden=(32,), norm="none"),
    "residual": ResidualConfig(channels=(8,), hidden=(32,)),
    "residual, dense": ResidualConfig(channels=(), hidden=(32,)),
}
COMPILED = {"one hidden layer": MLPConfig(hidden=(16,))}
CHOICES = ("encoder", "decoder", "heads")
SIGMA = "likelihood.raw_sigma"


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


def make(net="residual", posterior="gaussian", likelihood="gaussian-learned") -> Autoencoder:
    torch.manual_seed(0)
    config = ModelConfig.for_images(
        (1, 8, 8), 2, (NETS | COMPILED)[net], PosteriorConfig.of(posterior), likelihood=LikelihoodConfig.of(likelihood)
    )
    model = build_model(config)
    # As after a run of its own: statistics that are not those of a new norm, and a gradient that was left over.
    model.train()
    model.terms(Batch({"image": torch.rand(16, 1, 8, 8)}), model.draw_noise(16))["distortion"].mean().backward()
    return model


def weights(model: Autoencoder) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in model.state_dict().items()}


def changed(before: dict[str, torch.Tensor], after: Autoencoder) -> set[str]:
    return {name for name, value in after.state_dict().items() if not torch.equal(value, before[name])}


def expected(model: Autoencoder, trained: str) -> set[str]:
    """Names of what is to change, told by their place in the model alone."""
    names = {name for name in model.state_dict() if not name.startswith("codes_")}
    if trained == "encoder":
        return {name for name in names if name.startswith("encoder.")}
    if trained == "decoder":
        return {name for name in names if name.startswith("decoder.") or name == SIGMA}
    last, first = len(model.encoder.body) - 1, 0
    heads = {f"{net}.body.{i}.{name}" for net, i in (("encoder", last), ("decoder", first)) for name in ("weight", "bias")}
    return names if trained == "all" else heads


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("trained", ["all", *CHOICES])
@pytest.mark.parametrize("extra", [{}, {"ema": 0.9}, {"patience": 5}])
def test_what_trains_changes_and_nothing_else(digits, net, trained, extra):
    model = make(net)
    before = weights(model)
    config = TrainConfig(steps=12, batch_size=64, trained=trained, validate_every=0.2, **extra)
    fit(model, digits, config)
    assert changed(before, model) == expected(model, trained)


@pytest.mark.parametrize("engine", ["eager", pytest.param("compile", marks=pytest.mark.slow)])
@pytest.mark.parametrize("extra", [{}, {"ema": 0.9}, {"trained": "decoder"}])
def test_stored_statistics_of_batch_norm_stay_as_they_are(digits, engine, extra, compiler):
    # Of a smaller net there is less to compile.
    model = with_batch_norm(make("one hidden layer")) if engine == "compile" else make()
    before = weights(model)
    config = TrainConfig(steps=6, batch_size=64, norm_statistics="stored", engine=engine, **extra)
    fit(model, digits, config)
    statistics = {name for name in before if name.endswith(("running_mean", "running_var", "num_batches_tracked"))}
    assert statistics and changed(before, model) == expected(model, extra.get("trained", "all")) - statistics


def test_stored_statistics_are_what_a_step_computes_with(digits):
    model = make().eval()
    x = digits.train.x[:64]
    noise = torch.Generator().manual_seed(0)
    with only(model, "all", "stored"):
        model.train()
        trained = model.terms(Batch({"image": x / 255}), model.draw_noise(64, noise))["distortion"]
    model.eval()
    torch.testing.assert_close(
        model.terms(Batch({"image": x / 255}), model.draw_noise(64, noise.manual_seed(0)))["distortion"], trained
    )


@pytest.mark.parametrize("net", NETS)
def test_the_heads_give_the_posterior_and_take_the_code(net):
    model = make(net)
    last, first = parts(model, "heads")
    assert isinstance(last, nn.Linear) and last.out_features == model.posterior.raw_size
    assert isinstance(first, nn.Linear) and first.in_features == model.config.latent


@pytest.mark.parametrize("posterior", ["gaussian", "deterministic"])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "gaussian-learned"])
@pytest.mark.parametrize("trained", CHOICES)
def test_every_choice_has_a_gradient_in_every_model(digits, posterior, likelihood, trained):
    model = make("mlp", posterior, likelihood)
    before = weights(model)
    fit(model, digits, TrainConfig(steps=1, trained=trained))
    assert changed(before, model) == expected(model, trained) & before.keys()


def test_it_learns_with_its_decoder_alone(digits):
    config = TrainConfig(epochs=10, batch_size=64, trained="decoder")
    curve = fit(make(), digits, config).curve
    assert curve[-1]["validation_loss"] < curve[0]["validation_loss"]
    # The encoder gives the same codes as before, noise and all.
    assert curve[-1]["validation_rate"] == curve[0]["validation_rate"]


def test_a_gradient_that_was_left_over_counts_for_nothing(digits):
    config = TrainConfig(steps=5, batch_size=64, trained="decoder", clip=0.1, threads=1)
    fresh, used = make(), make()
    for p in fresh.parameters():
        p.grad = None
    for model in (fresh, used):
        fit(model, digits, config)
    assert changed(weights(fresh), used) == set()


@pytest.mark.parametrize("trained", CHOICES)
@pytest.mark.parametrize("extra", [{}, {"ema": 0.9}])
def test_resumed_equals_uninterrupted_bit_for_bit(digits, tmp_path, trained, extra):
    config = TrainConfig(steps=20, batch_size=128, validate_every=0.7, save_every=0, threads=1, trained=trained, **extra)
    whole = make()
    fit(whole, digits, config)
    calls = iter(range(10**6))
    part = make()
    fit(part, digits, config, folder=tmp_path, should_stop=lambda: next(calls) == 7)
    resumed = build_model(whole.config)
    fit(resumed, digits, config, folder=tmp_path)
    assert changed(weights(whole), resumed) == set()


def test_a_state_of_another_choice_is_refused_and_an_older_one_is_of_all(digits, tmp_path):
    config = TrainConfig(steps=4, batch_size=64, trained="decoder")
    fit(make(), digits, config, folder=tmp_path)
    for other in ("all", "heads"):
        with pytest.raises(StateError, match="another training"):
            fit(make(), digits, config.replace(trained=other), folder=tmp_path)

    (tmp_path / STATE_FILE).unlink()
    config = config.replace(trained="all")
    fit(make(), digits, config, folder=tmp_path)
    with safe_open(tmp_path / STATE_FILE, framework="pt") as file:
        header = json.loads(file.metadata()["training_state"])
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
    del header["identity"]["training"]["trained"]
    save_file(tensors, tmp_path / STATE_FILE, {"training_state": json.dumps(header)})
    assert fit(make(), digits, config, folder=tmp_path).steps == 4
    with pytest.raises(StateError, match="another training"):
        fit(make(), digits, config.replace(trained="decoder"), folder=tmp_path)


def modes(model: Autoencoder) -> list[bool]:
    return [module.training for module in model.modules()]


@pytest.mark.parametrize("trained", ["all", *CHOICES])
def test_all_is_put_back_after_an_error_too(trained):
    model = make()
    model.encoder.body[0].weight.requires_grad = False
    found, before = [p.requires_grad for p in model.parameters()], modes(model)
    with pytest.raises(KeyError), only(model, trained):
        model.eval()
        model.train()
        norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
        chosen = {id(m) for part in parts(model, trained) for m in part.modules()}
        assert [m.training for m in norms] == [id(m) in chosen for m in norms]
        raise KeyError
    assert [p.requires_grad for p in model.parameters()] == found
    model.eval()
    assert not any(modes(model)) and all(before)
    model.train()
    assert modes(model) == before


def test_what_the_caller_has_frozen_stays_and_nothing_left_to_train_is_an_error(digits):
    model = make()
    model.encoder.body[0].requires_grad_(False)
    before = weights(model)
    fit(model, digits, TrainConfig(steps=2, batch_size=64, trained="encoder"))
    kept = {"encoder.body.0.weight", "encoder.body.0.bias"}
    assert changed(before, model) == expected(model, "encoder") - kept
    model.decoder.requires_grad_(False), model.likelihood.requires_grad_(False)
    with pytest.raises(TrainingError, match=r"Nothing would train.*decoder"):
        fit(model, digits, TrainConfig(steps=2, trained="decoder"))

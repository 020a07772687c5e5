"""The engines give the same numbers; each goes on from where it was, and leaves out what is not finite."""

from __future__ import annotations

import math

import pytest
import torch

from vae_core.autoencoder import Autoencoder
from vae_core.config import (
    LikelihoodConfig,
    ModelConfig,
    NetConfig,
    ObjectiveConfig,
    PosteriorConfig,
    ScheduleConfig,
    TrainConfig,
)
from vae_core.data import load_dataset
from vae_core.training import engines, fit
from vae_core.training.engines import ENGINES, Compiled, Eager, engine_for
from vae_core.training.feed import Feed
from vae_core.training.team import Team

CPU = torch.device("cpu")
BINARY = LikelihoodConfig("bernoulli", binarize=True)
CONV, MLP = NetConfig("conv", channels=(4,), hidden=(8,)), NetConfig("mlp", hidden=(16,))
LEARNED = LikelihoodConfig("gaussian-learned")
MODELS = {
    "vae": (
        {"net": CONV, "likelihood": BINARY, "objective": ObjectiveConfig(4.0, ScheduleConfig("linear"), 0.1)},
        {"ema": 0.9},
    ),
    "ae": (
        {"net": MLP, "likelihood": LEARNED, "posterior": PosteriorConfig("deterministic")},
        {"flip": True, "shift": 2, "clip": 0.5, "lr_schedule": "cosine", "trained": "decoder"},
    ),
    "small": ({"net": MLP}, {"ema": 0.9}),
}


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


@pytest.fixture
def compiler():
    if not engines.can_compile(CPU):
        pytest.skip("torch finds no C++ compiler here")


def make(name: str = "vae") -> Autoencoder:
    torch.manual_seed(0)
    return Autoencoder(ModelConfig((1, 8, 8), 2, **MODELS[name][0]))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vae", "ae"])
def test_engines_give_the_same_numbers(name, digits, compiler):
    # A validation a step, so that the loss of each of the 50 is seen.
    each = 1 / (len(digits.train) // 64)
    config = TrainConfig(steps=50, batch_size=64, precision="float32", threads=1, validate_every=each, **MODELS[name][1])
    runs = [(make(name), engine) for engine in ("eager", "compile")]
    curves = [
        fit(model, digits.train.x, digits.validation.x[:64], config.replace(engine=engine)).curve for model, engine in runs
    ]
    assert len(curves[0]) == 50
    for eager, compiled in zip(*curves, strict=True):
        assert compiled["train_loss"] == pytest.approx(eager["train_loss"], rel=1e-4)
        # A bias before batch norm has no gradient but rounding, by which it wanders, and the running mean, by which validation
        # goes, follows it late.
        if MODELS[name][0]["net"] is not CONV:
            assert compiled["validation_loss"] == pytest.approx(eager["validation_loss"], rel=1e-4)
        if eager["train_rate"] is not None:
            assert compiled["train_rate"] == pytest.approx(eager["train_rate"], abs=1e-4 * eager["train_loss"])


@pytest.mark.slow
def test_a_compiled_run_goes_on_bit_for_bit(digits, tmp_path, compiler):
    config = TrainConfig(steps=40, batch_size=64, validate_every=0.7, save_every=0, threads=1, ema=0.9, engine="compile")
    whole, part = make("small"), make("small")
    expected = fit(whole, digits.train.x, digits.validation.x, config)
    calls = iter(range(10**6))
    stopped = fit(part, digits.train.x, digits.validation.x, config, folder=tmp_path, should_stop=lambda: next(calls) == 17)
    assert (stopped.reason, stopped.steps) == ("stopped", 17)
    torch.manual_seed(99)
    resumed = Autoencoder(whole.config)
    again = fit(resumed, digits.train.x, digits.validation.x, config, folder=tmp_path)
    assert again.curve == expected.curve
    assert all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True))


@pytest.mark.slow
def test_a_compiled_step_that_is_not_finite_is_left_out_whole_and_counted(digits, compiler):
    model = make()
    model.train()
    config = TrainConfig(steps=10, batch_size=64, ema=0.9)
    engine, feed = Compiled(model, config, Team()), Feed(digits.train.x, config, model, Team())
    images, _ = feed.take(range(1), 1)
    engine.begin(0, 0)
    engine.take(images, [feed.at(0)], [(1e-3, 1.0)])
    before = [t.clone() for t in engine.whole.carried.flat()]
    for _ in range(2):
        bad = feed.at(1)
        bad.latent = torch.full_like(bad.latent, math.inf)
        engine.take(images, [bad], [(1e-3, 1.0)])
    found = engine.read()
    assert (found.skipped, found.unfit) == (2, 2)
    counts = {id(count) for count in engine.whole.carried.counts}
    for now, then in zip(engine.whole.carried.flat(), before, strict=True):
        assert id(now) in counts or torch.equal(now, then)
    engine.take(images, [feed.at(2)], [(1e-3, 1.0)])
    assert (engine.read().skipped, engine.read().unfit) == (2, 0)
    assert int(engine.sums[3]) == 2 and not torch.equal(engine.whole.carried.weights[0], before[0])


@pytest.mark.parametrize(
    ("wanted", "length", "found"),
    [
        ("auto", {"seconds": 10.0}, "eager"),
        ("auto", {"seconds": 600.0}, "compile"),
        ("auto", {"steps": 10}, "eager"),
        ("compile", {"seconds": 1.0}, "compile"),
        ("graph", {"steps": 10}, "compile"),
    ],
)
def test_a_short_run_does_not_compile(wanted, length, found, monkeypatch):
    monkeypatch.setattr(engines, "can_compile", lambda device: True)
    assert engine_for(make(), TrainConfig(engine=wanted, **length), Team()).name == found
    assert type(engine_for(make(), TrainConfig(engine=wanted, **length), Team(), before="eager")) is Eager
    monkeypatch.setattr(engines, "can_compile", lambda device: False)
    assert engine_for(make(), TrainConfig(engine=wanted, **length), Team()).name == "eager"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
def test_a_cuda_graph_gives_the_numbers_of_single_steps(digits):
    config = TrainConfig(steps=50, batch_size=64, precision="float32")
    curves = []
    for engine in ("eager", "graph"):
        model = make().cuda()
        curves.append(fit(model, digits.train.x, digits.validation.x, config.replace(engine=engine)).curve)
    for eager, graph in zip(*curves, strict=True):
        assert graph["train_loss"] == pytest.approx(eager["train_loss"], rel=1e-4)


def test_every_engine_has_a_name_of_its_own():
    assert set(ENGINES) == {"eager", "compile", "graph"}

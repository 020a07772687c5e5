"""The engines give the same numbers; each goes on from where it was, and leaves out what is not finite."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from vae_core.config import (
    BernoulliConfig,
    ConvConfig,
    DeterministicConfig,
    ELBOConfig,
    FullGaussianConfig,
    LearnedGaussianConfig,
    LinearSchedule,
    MLPConfig,
    MMDConfig,
    ModelConfig,
    RealNVPConfig,
    TrainConfig,
)
from vae_core.data import load_dataset
from vae_core.data.dataset import Dataset, TrainingSplits
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.training import fit
from vae_core.training.batches import Batches, StepInputs
from vae_core.training.distributed import ProcessGroup
from vae_core.training.engine_choice import ENGINES
from vae_core.training.engines import Compiled, SkippedSteps
from vae_core.training.events import Started

CPU = torch.device("cpu")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
BINARY = BernoulliConfig(binarize=True)
CONV, MLP = ConvConfig(channels=(4,), hidden=(8,)), MLPConfig(hidden=(16,))
LEARNED = LearnedGaussianConfig()
MODELS = {
    "vae": (
        {"net": CONV, "likelihood": BINARY, "objective": ELBOConfig(4.0, LinearSchedule(), 0.1)},
        {"ema": 0.9},
    ),
    "ae": (
        {"net": MLP, "likelihood": LEARNED, "posterior": DeterministicConfig()},
        {"flip": True, "shift": 2, "clip": 0.5, "lr_schedule": "cosine", "trained": "decoder"},
    ),
    "small": ({"net": MLP}, {"ema": 0.9}),
    "mmd": ({"net": MLP, "objective": MMDConfig()}, {}),
    "learned prior": ({"net": MLP, "posterior": FullGaussianConfig(), "prior": RealNVPConfig(1, (8,))}, {"ema": 0.9}),
}


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


def make(name: str = "vae") -> Autoencoder:
    torch.manual_seed(0)
    return build_model(ModelConfig.for_images((1, 8, 8), 2, **MODELS[name][0]))


def curve(model: Autoencoder, data: Dataset | TrainingSplits, config: TrainConfig) -> list[dict]:
    """The curve of a run whose engine was the one that its configuration names."""
    seen = []
    summary = fit(model, data, config, subscribers=[seen.append])
    assert [event.engine for event in seen if isinstance(event, Started)] == [config.engine]
    return summary.curve


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vae", "ae", "mmd", "learned prior"])
def test_engines_give_the_same_numbers(name, digits, compiler):
    # A validation a step, so that the loss of each of the 50 is seen.
    each = 1 / (len(digits.train) // 64)
    config = TrainConfig(steps=50, batch_size=64, precision="float32", threads=1, validate_every=each, **MODELS[name][1])
    curves = [
        curve(make(name), TrainingSplits(digits.train, digits.validation.first(64)), config.replace(engine=engine))
        for engine in ("eager", "compile")
    ]
    assert len(curves[0]) == 50
    for eager, compiled in zip(*curves, strict=True):
        assert compiled["train_loss"] == pytest.approx(eager["train_loss"], rel=1e-4)
        # A bias before batch norm has no gradient but rounding, by which it wanders, and the running mean, by which validation
        # goes, follows it late.
        if MODELS[name][0]["net"] is not CONV:
            assert compiled["validation_loss"] == pytest.approx(eager["validation_loss"], rel=1e-4)
        if "train_rate" in eager:
            assert compiled["train_rate"] == pytest.approx(eager["train_rate"], abs=1e-4 * eager["train_loss"])


@pytest.mark.slow
def test_a_compiled_run_goes_on_bit_for_bit(digits, tmp_path, compiler):
    config = TrainConfig(steps=40, batch_size=64, validate_every=0.7, save_every=0, threads=1, ema=0.9, engine="compile")
    whole, part, told = make("small"), make("small"), []
    given = {"folder": tmp_path, "subscribers": [told.append]}
    expected = fit(whole, digits, config, subscribers=[told.append])
    calls = iter(range(10**6))
    stopped = fit(part, digits, config, **given, should_stop=lambda: next(calls) == 17)
    assert (stopped.reason, stopped.steps) == ("stopped", 17)
    torch.manual_seed(99)
    resumed = build_model(whole.config)
    again = fit(resumed, digits, config, **given)
    assert [event.engine for event in told if isinstance(event, Started)] == ["compile"] * 3
    assert again.curve == expected.curve
    assert all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True))


@pytest.mark.slow
def test_runs_of_one_kind_compile_once(digits, compiler):
    from torch._dynamo.utils import counters

    config = TrainConfig(steps=5, batch_size=64, threads=1, ema=0.9, engine="compile")
    curves, found = [], counters["aot_autograd"]
    for seed, lr in ((0, 1e-3), (1, 2e-3), (0, 1e-3)):
        before = found["autograd_cache_hit"]
        curves.append(curve(make("small"), digits, config.replace(seed=seed, lr=lr)))
    # Seed and learning rate are given to the graph.
    assert found["autograd_cache_hit"] == before + 1
    assert curves[0] == curves[2] != curves[1]


def infinite(inputs: StepInputs) -> StepInputs:
    """The inputs of a step with noise that makes its gradient not finite."""
    return replace(inputs, noise={name: torch.full_like(value, math.inf) for name, value in inputs.noise.items()})


@pytest.mark.slow
def test_a_compiled_step_that_is_not_finite_is_left_out_whole_and_counted(digits, compiler):
    model = make()
    model.train()
    config = TrainConfig(steps=10, batch_size=64, ema=0.9)
    engine, batches = Compiled(model, config, ProcessGroup()), Batches({"image": digits.train.x}, config, model, ProcessGroup())
    data, _ = batches.get(range(1), 1)
    engine.begin(SkippedSteps(0, 0))
    engine.run(range(1), data, [batches.at(0)], [(1e-3, 1.0)])
    before = [t.clone() for t in engine.step.state.flat()]
    for _ in range(2):
        bad = infinite(batches.at(1))
        engine.run(range(1), data, [bad], [(1e-3, 1.0)])
    found = engine.skipped()
    assert (found.total, found.in_a_row) == (2, 2)
    counts = {id(count) for count in engine.step.state.counts}
    for now, then in zip(engine.step.state.flat(), before, strict=True):
        assert id(now) in counts or torch.equal(now, then)
    engine.run(range(1), data, [batches.at(2)], [(1e-3, 1.0)])
    assert (engine.skipped().total, engine.skipped().in_a_row) == (2, 0)
    assert int(engine.sums[-1]) == 2 and not torch.equal(engine.step.state.weights[0], before[0])


@needs_cuda
@pytest.mark.parametrize(
    ("name", "engine"), [("vae", "graph"), ("ae", "graph"), ("vae", "compiled-graph"), ("ae", "compiled-graph")]
)
@pytest.mark.parametrize("source", ["resident", "streamed"])
def test_a_cuda_graph_gives_the_numbers_of_single_steps(name, engine, source, digits):
    # Two replays and some single steps between one validation and the next.
    each = 35 / (len(digits.train) // 32)
    config = TrainConfig(steps=105, batch_size=32, precision="float32", validate_every=each, source=source, **MODELS[name][1])
    curves = [curve(make(name).cuda(), digits, config.replace(engine=one)) for one in ("eager", engine)]
    assert len(curves[0]) == 3
    for eager, graph in zip(*curves, strict=True):
        assert graph["train_loss"] == pytest.approx(eager["train_loss"], rel=1e-4)


@needs_cuda
@pytest.mark.parametrize("engine", ["graph", "compiled-graph"])
def test_a_cuda_graph_leaves_out_what_is_not_finite(engine, digits):
    model = make().cuda()
    model.train()
    config = TrainConfig(steps=100, batch_size=64, ema=0.9)
    running, batches = (
        ENGINES[engine](model, config, ProcessGroup()),
        Batches({"image": digits.train.x}, config, model, ProcessGroup()),
    )
    data, inputs = batches.get(range(32), 16)
    running.begin(SkippedSteps(0, 0))
    running.run(range(16), data, inputs[:16], [(1e-3, 1.0)] * 16)
    before = [t.clone() for t in running.step.state.flat()]
    bad = [infinite(one) for one in inputs[16:]]
    running.run(range(16), data, bad, [(1e-3, 1.0)] * 16)
    assert (running.skipped().total, running.skipped().in_a_row) == (16, 16)
    counts = {id(count) for count in running.step.state.counts}
    for now, then in zip(running.step.state.flat(), before, strict=True):
        assert id(now) in counts or torch.equal(now, then)
    running.run(range(16), data, inputs[16:], [(1e-3, 1.0)] * 16)
    assert (running.skipped().total, running.skipped().in_a_row) == (16, 0)
    assert int(running.sums[-1]) == 32 and not torch.equal(running.step.state.weights[0], before[0])

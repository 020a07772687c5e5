"""The loop: it learns, stops, skips, saves, and goes on bit for bit."""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from small_nets import with_batch_norm

from vae_core.config import (
    ConvConfig,
    CyclicalSchedule,
    ELBOConfig,
    LikelihoodConfig,
    LinearSchedule,
    MLPConfig,
    ModelConfig,
    PosteriorConfig,
    TrainConfig,
)
from vae_core.data import load_dataset
from vae_core.data.dataset import Split, TrainingSplits
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.training import TrainingError, batches, events, fit, run
from vae_core.training.fit import STATE_FILE
from vae_core.training.state import StateError

KILLS = 20
SMALL = ConvConfig(channels=(8,), hidden=(32,))


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


def splits(train: torch.Tensor, validation: torch.Tensor) -> TrainingSplits:
    return TrainingSplits(Split(train), Split(validation))


def make(posterior="gaussian", likelihood="bernoulli", objective=None, net=SMALL, **kw) -> Autoencoder:
    torch.manual_seed(0)
    return build_model(
        ModelConfig.for_images(
            (1, 8, 8), 2, net, PosteriorConfig.of(posterior), likelihood=LikelihoodConfig.of(likelihood, **kw),
            objective=objective,
        )
    )  # fmt: skip


def weights(model: Autoencoder) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in model.state_dict().items()}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize(("posterior", "likelihood"), [
    ("gaussian", "bernoulli"), ("gaussian", "gaussian-learned"), ("deterministic", "gaussian"),
])  # fmt: skip
@pytest.mark.slow
def test_it_learns(digits, posterior, likelihood):
    model = make(posterior, likelihood)
    summary = fit(model, digits, TrainConfig(epochs=16, batch_size=64))
    first, last = summary.curve[0], summary.curve[-1]
    assert summary.reason == "done" and summary.epochs == pytest.approx(16) and not model.training
    assert last["validation_loss"] < first["validation_loss"]
    x = digits.test.x
    mean_image = digits.train.x.float().mean(0) / 255
    error = ((model.reconstruct(x) - x / 255) ** 2).mean()
    assert error < 0.8 * ((mean_image - x / 255) ** 2).mean()


def test_the_curve_of_a_long_run_is_thinned_and_keeps_its_last_point(digits, monkeypatch):
    monkeypatch.setattr(run, "MOST_POINTS", 8)
    config = TrainConfig(steps=41, batch_size=8, validate_every=1 / (len(digits.train) // 8))
    steps = [point["step"] for point in fit(make(), splits(digits.train.x, digits.validation.x[:8]), config).curve]
    assert len(steps) <= 8 and steps == sorted(set(steps)) and steps[-1] == 41 and steps[0] < 20


def test_events_tell_what_happened(digits):
    seen: list[events.Event] = []
    config = TrainConfig(epochs=3, batch_size=64)
    summary = fit(make(), digits, config, subscribers=[seen.append])
    assert isinstance(seen[0], events.Started) and isinstance(seen[-1], events.Finished)
    assert seen[0].steps == summary.steps == 3 * (len(digits.train) // 64)
    validated = [e for e in seen if isinstance(e, events.Validated)]
    assert [e.step for e in validated] == [p["step"] for p in summary.curve]
    for e in validated:
        assert e.loss == pytest.approx(e.terms["distortion"] + e.terms["rate"], rel=1e-6)
    assert all(e.to_json()["event"] == type(e).__name__.lower() for e in seen)


def test_beta_warms_up_and_weighs_the_rate(digits):
    objective = ELBOConfig(beta=4.0, schedule=LinearSchedule(share=0.5))
    summary = fit(make(objective=objective), digits, TrainConfig(epochs=4, batch_size=64))
    betas = [p["beta"] for p in summary.curve]
    assert betas == sorted(betas) and betas[0] < 4.0 and betas[-1] == 4.0
    last = summary.curve[-1]
    assert last["validation_loss"] == pytest.approx(last["validation_distortion"] + 4 * last["validation_rate"], rel=1e-6)


@pytest.mark.parametrize("extra", [
    {}, {"ema": 0.9}, {"flip": True, "shift": 2}, {"patience": 2}, {"keep": "best", "lr": 0.1}, {"lr_schedule": "cosine"},
])  # fmt: skip
@pytest.mark.slow
def test_resumed_equals_uninterrupted_bit_for_bit(digits, tmp_path, extra):
    # Cycles and binarised pixels: all that depends on the step or on noise takes part.
    objective = ELBOConfig(schedule=CyclicalSchedule(cycles=2))
    config = TrainConfig(steps=40, batch_size=128, validate_every=0.7, save_every=0, threads=1, **extra)
    whole = make(objective=objective, binarize=True)
    expected = fit(whole, digits, config)

    resumed, before = make(objective=objective, binarize=True), 0
    for stop_at in (1, 17, 26):
        calls = itertools.count(before)
        part = fit(resumed, digits, config, folder=tmp_path, should_stop=lambda n=stop_at, c=calls: next(c) == n)
        assert (part.reason, part.steps) == ("stopped", stop_at)
        torch.manual_seed(99)
        resumed, before = build_model(whole.config), stop_at
    last = fit(resumed, digits, config, folder=tmp_path)
    assert same(weights(whole), weights(resumed))
    assert last.curve == expected.curve and last.steps == expected.steps


KILLED = """
import sys
from pathlib import Path
import torch
# The optimiser imports it when it is made, which would take each of the processes below a second.
import torch._dynamo
from killed_runs import train_whole_and_killed
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.checkpoint import Checkpoint, save
from vae_core.config import ConvConfig, TrainConfig
from vae_core.data import load_dataset
from vae_core.training import fit
from vae_core.zoo import model_config

digits = load_dataset("digits")

def train(folder, save_every):
    torch.manual_seed(0)
    model = build_model(model_config(sys.argv[3], (1, 8, 8), 2, ConvConfig(channels=(8,), hidden=(32,))))
    # How often it saves changes no weight.
    fit(model, digits, TrainConfig(steps=300, batch_size=64, threads=1, save_every=save_every), folder=folder)
    save(Checkpoint(model), folder.with_suffix(".safetensors"))

train_whole_and_killed(train, Path(sys.argv[1]), int(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.parametrize("name", ["vae", "vq-vae"])
def test_killed_at_any_moment_it_goes_on_bit_for_bit(tmp_path, name):
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(KILLS), name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "killed.safetensors").read_bytes() == (tmp_path / "whole.safetensors").read_bytes()


def test_a_state_of_another_run_is_refused(digits, tmp_path):
    config = TrainConfig(steps=4, batch_size=64)
    fit(make(), digits, config, folder=tmp_path, identity="a")
    before = load_file(tmp_path / STATE_FILE)
    with pytest.raises(StateError, match=r"another training \(lr was 0.002 and is now 0.1\); delete it"):
        fit(make(), digits, config.replace(lr=0.1), folder=tmp_path, identity="a")
    changed = config.replace(steps=None, epochs=2, batch_size=32, seed=1, ema=0.9, clip=1)
    told = r"batch_size was 64 and is now 32; .*; epochs was not set and is now 2.0; and 2 more\)"
    with pytest.raises(StateError, match=told):
        fit(make(), digits, changed, folder=tmp_path, identity="a")
    with pytest.raises(StateError, match="another data"):
        fit(make(), digits, config, folder=tmp_path, identity="b")
    told = r"objective.kind was 'elbo' and is now 'reconstruction'; posterior.kind was 'gaussian' and is now 'deterministic'\)"
    with pytest.raises(StateError, match=told):
        fit(make("deterministic"), digits, config, folder=tmp_path, identity="a")
    fit(make(), digits, config.replace(save_every=3), folder=tmp_path, identity="a")
    assert load_file(tmp_path / STATE_FILE).keys() == before.keys()


@pytest.mark.parametrize("posterior", ["gaussian", "deterministic"])
def test_a_state_of_an_earlier_version_is_resumed(digits, tmp_path, posterior):
    config, calls = TrainConfig(steps=12, batch_size=64), iter(range(100))
    expected = make(posterior)
    fit(expected, digits, config)
    fit(make(posterior), digits, config, folder=tmp_path, should_stop=lambda: next(calls) == 7)
    path = tmp_path / STATE_FILE
    with safe_open(path, framework="pt") as file:
        header = json.loads(file.metadata()["training_state"])
    tensors = load_file(path)
    header["counters"]["unfit"] = header["counters"].pop("skipped_in_a_row")
    if posterior == "deterministic":
        loss, distortion, count = tensors["means.sums"].tolist()
        tensors["means.sums"] = torch.tensor([loss, distortion, math.nan, count], dtype=torch.float64)
    save_file(tensors, path, {"training_state": json.dumps(header)})
    resumed = make(posterior)
    assert fit(resumed, digits, config, folder=tmp_path).steps == 12
    assert all(torch.equal(value, resumed.state_dict()[name]) for name, value in expected.state_dict().items())


def test_a_broken_state_is_refused(digits, tmp_path):
    (tmp_path / STATE_FILE).write_bytes(b"\x00" * 50)
    with pytest.raises(StateError, match="delete it to start anew"):
        fit(make(), digits, TrainConfig(steps=4), folder=tmp_path)


def _poison(model: Autoencoder, steps: range):
    """Makes the gradient of the given calls of `terms` not finite."""
    original, calls = model.terms, iter(range(10**6))

    def terms(*args):
        out = original(*args)
        if model.training and next(calls) in steps:
            out = replace(out, values={**out.values, "distortion": out["distortion"] * math.nan})
        return out

    model.terms = terms


def test_a_step_that_is_not_finite_is_left_out_and_counted(digits):
    model, seen = make(), []
    _poison(model, range(3, 5))
    summary = fit(model, digits, TrainConfig(steps=20), subscribers=[seen.append])
    assert summary.skipped == 2 and summary.steps == 20
    assert [e.step for e in seen if isinstance(e, events.Skipped)] == [4, 5]
    assert all(torch.isfinite(v).all() for v in model.state_dict().values())


def test_an_activation_that_is_not_finite_leaves_no_trace_in_batch_norm(digits):
    model, seen = make(), []
    layer, calls = model.encoder.body[0], iter(range(10**6))
    layer.register_forward_hook(lambda m, i, out: out * math.inf if m.training and next(calls) == 3 else out)
    summary = fit(model, digits, TrainConfig(epochs=3), subscribers=[seen.append])
    assert summary.skipped == 1
    assert all(torch.isfinite(v).all() for v in model.state_dict().values())
    assert all(math.isfinite(p["validation_loss"]) for p in summary.curve)


def test_the_callers_threads_and_the_mode_are_put_back(digits):
    threads = torch.get_num_threads()
    model = make(net=MLPConfig(hidden=(4,)))
    _poison(model, range(10**6))
    with pytest.raises(TrainingError):
        fit(model, digits, TrainConfig(steps=100, batch_size=8, threads=1 if threads > 1 else 2))
    assert torch.get_num_threads() == threads and not model.training


def test_no_two_streams_of_noise_are_alike():
    draws = set()
    for seed in range(8):
        for kind in range(3):
            for index in range(4):
                generator = batches._generator(seed, kind, index, torch.device("cpu"))
                draws.add(torch.rand(1, generator=generator, dtype=torch.float64).item())
    assert len(draws) == 8 * 3 * 4


@pytest.mark.slow
def test_when_it_persists_the_run_stops_and_the_last_good_state_stays(digits, tmp_path):
    model = make()
    _poison(model, range(10, 10**6))
    with pytest.raises(TrainingError, match="lower the learning rate"):
        fit(model, digits, TrainConfig(steps=100, save_every=0), folder=tmp_path)
    resumed = make()
    fit(resumed, digits, TrainConfig(steps=100, save_every=0), folder=tmp_path)
    assert all(torch.isfinite(v).all() for v in resumed.state_dict().values())


def test_early_stop_keeps_the_best_weights(digits):
    few = digits.train.x[:40]
    net = MLPConfig(hidden=(256,))
    config = TrainConfig(epochs=400, batch_size=20, lr=5e-3, lr_schedule="constant", validate_every=5, patience=3)
    model = make(net=net)
    summary = fit(model, splits(few, digits.validation.x), config)
    losses = [p["validation_loss"] for p in summary.curve]
    assert summary.reason == "early stop" and summary.epochs < 400
    assert losses.index(min(losses)) == len(losses) - 4
    again = fit(model, splits(few, digits.validation.x), config.replace(epochs=None, steps=1, lr=1e-12, patience=0))
    assert again.curve[-1]["validation_loss"] == pytest.approx(min(losses), rel=0.02)


@pytest.mark.parametrize("engine", ["eager", pytest.param("compile", marks=pytest.mark.slow)])
def test_a_trained_model_that_only_gets_worse_is_kept_as_it_was(digits, engine, compiler):
    # Of a smaller net there is less to compile.
    model = with_batch_norm(make(net=MLPConfig(hidden=(16,)))) if engine == "compile" else make()
    fit(model, digits, TrainConfig(epochs=10, batch_size=64))
    before, seen = weights(model), []
    config = TrainConfig(steps=12, batch_size=64, lr=1.0, lr_schedule="constant", validate_every=0.2, keep="best")
    config = config.replace(engine=engine)
    summary = fit(model, digits, config, subscribers=[seen.append])
    assert [e.name for e in seen if isinstance(e, events.NotCompiled)] == []
    assert summary.kept_step == 0 and summary.steps == 12 and same(before, weights(model))
    first, *others = summary.curve
    assert first["step"] == 0 and first["train_loss"] is None
    assert others and all(point["validation_loss"] > first["validation_loss"] for point in others)
    assert [e.step for e in seen if isinstance(e, events.Validated)] == [point["step"] for point in summary.curve]


def test_the_best_weights_of_a_run_are_kept_and_said_where_they_are_from(digits):
    few = digits.train.x[:40]
    model = make(net=MLPConfig(hidden=(256,)))
    config = TrainConfig(epochs=150, batch_size=20, lr=5e-3, lr_schedule="constant", validate_every=5, keep="best")
    summary = fit(model, splits(few, digits.validation.x), config)
    best = min(summary.curve, key=lambda point: point["validation_loss"])
    assert 0 < summary.kept_step == best["step"] < summary.steps == 300 and summary.reason == "done"
    again = fit(model, splits(few, digits.validation.x), config.replace(epochs=None, steps=1, lr=1e-12))
    assert again.curve[0]["validation_loss"] == pytest.approx(best["validation_loss"], rel=1e-6)


@pytest.mark.parametrize(("slower_from", "times"), [(math.inf, 1), (100, 2), (100, 0.5), (300, 2)])
def test_a_budget_in_seconds_is_kept_where_the_pace_changes(digits, monkeypatch, slower_from, times):
    model, seen, clock = make(net=MLPConfig(hidden=(16,))), [], [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    terms = model.terms
    taken = [0]

    def timed(*args):
        taken[0] += model.training
        # The first step takes longer, as if something were made ready; then a tenth of a second each.
        cost = 0.1 if taken[0] < slower_from else 0.1 * times
        clock[0] += cost + (2 if model.training and taken[0] == 1 else 0)
        return terms(*args)

    model.terms = timed
    config = TrainConfig(seconds=60.0, batch_size=64)
    summary = fit(model, digits, config, subscribers=[seen.append])
    (started,) = [e for e in seen if isinstance(e, events.Started)]
    assert 57 < summary.seconds < 63
    assert started.step < 40 and summary.steps == taken[0] == seen[-1].step


@pytest.mark.parametrize(("seconds", "few"), [(3.0, True), (60.0, False)])
def test_a_budget_of_few_steps_is_told_before_it_is_spent(digits, monkeypatch, seconds, few):
    model, seen, clock = make(net=MLPConfig(hidden=(16,))), [], [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    terms = model.terms

    def timed(*args):
        clock[0] += 0.1 if model.training else 0.0
        return terms(*args)

    model.terms = timed
    fit(model, digits, TrainConfig(seconds=seconds, batch_size=64), subscribers=[seen.append])
    told = [event for event in seen if isinstance(event, events.FewSteps)]
    assert len(told) == few
    if few:
        assert told[0].step < 10 and told[0].seconds == pytest.approx(30, rel=0.1)
        assert "30 steps fit" in str(told[0]) or "29 steps fit" in str(told[0])


@pytest.mark.parametrize(("first", "each", "known"), [(9.0, 0.1, False), (2.0, 1.2, False), (1.0, 0.5, True)])
def test_a_better_budget_is_named_only_where_a_step_was_timed(digits, monkeypatch, first, each, known):
    """Seconds of the first step and of each later one, in a budget of three. The first three are not counted."""
    model, seen, clock, taken = make(net=MLPConfig(hidden=(16,))), [], [0.0], [0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    terms = model.terms

    def timed(*args):
        taken[0] += model.training
        clock[0] += (first if taken[0] == 1 else each) if model.training else 0.0
        return terms(*args)

    model.terms = timed
    fit(model, digits, TrainConfig(seconds=3.0, batch_size=64), subscribers=[seen.append])
    (told,) = [event for event in seen if isinstance(event, events.FewSteps)]
    if known:
        assert told.seconds == pytest.approx(300 * each) and "give the run 150 seconds or more, or" in str(told)
    else:
        assert told.seconds is None and "learn much: give the run more time, or take a smaller net" in str(told)


def test_a_budget_shorter_than_a_step_is_one_step(digits):
    assert fit(make(), digits, TrainConfig(seconds=1e-6)).steps == 1


def test_the_average_is_the_model(digits):
    config = TrainConfig(steps=30, batch_size=64, ema=0.99)
    averaged, plain = make(), make()
    fit(averaged, digits, config)
    fit(plain, digits, config.replace(ema=0.0))
    a, b = weights(averaged), weights(plain)
    assert a.keys() == b.keys() and not same(a, b)


def test_the_batch_is_never_larger_than_the_set(digits):
    summary = fit(make(), splits(digits.train.x[:10], digits.validation.x), TrainConfig(epochs=3, batch_size=256))
    assert summary.steps == 3


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_images(digits, count):
    with pytest.raises(TrainingError, match=f"{count} training images"):
        fit(make(), splits(digits.train.x[:count], digits.validation.x), TrainConfig(steps=1))
    with pytest.raises(TrainingError, match=f"{count} validation images"):
        fit(make(), splits(digits.train.x, digits.validation.x[:count]), TrainConfig(steps=1))


def test_images_of_another_kind(digits):
    with pytest.raises(TrainingError, match="shape"):
        fit(make(), splits(digits.train.x[:, :, :7], digits.validation.x), TrainConfig(steps=1))


def test_a_read_only_folder(digits, tmp_path):
    if os.geteuid() == 0:
        # Root writes everywhere; a file in the folder's place fails for everyone.
        folder = tmp_path / "file"
        folder.write_text("")
    else:
        folder = tmp_path / "closed"
        folder.mkdir(mode=0o500)
    with pytest.raises(TrainingError, match=r"Nothing can be written to .*make room or give another folder"):
        fit(make(), digits, TrainConfig(steps=1), folder=folder)


def test_two_runs_do_not_share_a_folder(digits, tmp_path):
    config, said = TrainConfig(steps=2, batch_size=64), []

    def another() -> bool:
        if not said:
            try:
                fit(make(), digits, config, folder=tmp_path)
            except TrainingError as error:
                said.append(str(error))
        return False

    summary = fit(make(), digits, config, folder=tmp_path, should_stop=another)
    assert summary.steps == 2 and "Another run is going on" in said[0]
    # Once a run is over its folder is free.
    fit(make(), digits, config, folder=tmp_path)


def test_a_run_with_a_budget_tells_of_its_length_first(digits):
    told = []
    config = TrainConfig(seconds=1.0, batch_size=16, validate_every=1 / 50)
    fit(make(), splits(digits.train.x, digits.validation.x[:16]), config, subscribers=[told.append])
    assert type(told[0]).__name__ == "Started" and type(told[-1]).__name__ == "Finished"

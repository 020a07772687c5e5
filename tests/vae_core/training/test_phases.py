"""Phases move what they name and nothing else, are resumed bit for bit, and report all of their terms."""

from __future__ import annotations

import io
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from adversarial import THREE, TWO, make, short_run
from safetensors.torch import load_file
from torch import nn

from vae_core.config import ConvConfig, ELBOConfig, LinearSchedule, ModelConfig, TrainConfig
from vae_core.data import load_dataset
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.training import TrainingError, events, fit
from vae_core.training.batches import Batches, batch_of
from vae_core.training.distributed import ProcessGroup
from vae_core.training.engine_choice import engine_for
from vae_core.training.engines import Eager, SkippedSteps
from vae_core.training.fit import _hyper

DISCRIMINATOR = "objective.discriminator."
RARELY = (replace(TWO[0], every=3), TWO[1])
"""The autoencoder moves in every third step."""


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


def weights(model: nn.Module) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in model.state_dict().items()}


def changed(before: dict[str, torch.Tensor], after: nn.Module) -> set[str]:
    return {name for name, value in after.state_dict().items() if not torch.equal(value, before[name])}


def trainable(model: nn.Module) -> set[str]:
    """Names of all weights and of the statistics of batch norm."""
    return {name for name in model.state_dict() if not name.startswith("codes_")}


def one_step(model: Autoencoder, digits, step: int, poison: bool = False) -> Eager:
    """Takes the step of that number; with `poison`, the noise of the discriminator is infinite."""
    config = TrainConfig(steps=10, batch_size=64)
    group = ProcessGroup()
    engine, batches = Eager(model.train(), config, group), Batches({"image": digits.train.x}, config, model, group)
    data, (inputs,) = batches.get(range(step, step + 1), 1)
    if poison:
        infinite = torch.full_like(inputs.noise["objective.prior"], math.inf)
        inputs = replace(inputs, noise={**inputs.noise, "objective.prior": infinite})
    engine.begin(SkippedSteps(0, 0))
    engine.run(range(step, step + 1), data, [inputs], [(1e-3, 2.0)])
    return engine


@pytest.mark.parametrize("index", [0, 1])
def test_a_phase_moves_what_it_names_and_nothing_else(digits, index):
    """Of two phases only one is due in step 1."""
    model = make(tuple(replace(phase, every=1 if k == index else 2) for k, phase in enumerate(TWO)))
    before = weights(model)
    engine = one_step(model, digits, 1)
    of_discriminator = {name for name in before if name.startswith(DISCRIMINATOR)}
    assert of_discriminator and changed(before, model) == (of_discriminator if index else trainable(model) - of_discriminator)
    assert engine.sums[-2:].tolist() == [1 - index, index]
    assert all(p.requires_grad for p in model.parameters())


def test_all_phases_move_in_a_step_and_each_parameter_has_moments_for_every_phase_that_moves_it(digits):
    model = make(THREE)
    before = weights(model)
    engine = one_step(model, digits, 0)
    assert changed(before, model) == trainable(model)
    first, _, last = engine.optimizers
    for p in model.encoder.parameters():
        assert not torch.equal(first.state[p]["exp_avg_sq"], last.state[p]["exp_avg_sq"])
    assert [optimizer.param_groups[0]["lr"] for optimizer in engine.optimizers] == [1e-3, 5e-4, 1e-3]
    assert engine.optimizers[1].defaults["betas"] == (0.5, 0.99)
    assert [group["weight_decay"] for group in engine.optimizers[1].param_groups] == [0.0, 0.0]


def test_a_phase_computes_its_terms_from_the_weights_that_the_phase_before_has_left(digits):
    """Two phases in one step equal two steps of which each has one of the phases, on the same batch and noise."""
    together, apart = make(), make()
    one_step(together, digits, 0)
    for index in (0, 1):
        apart.objective.phases = tuple(replace(p, every=1 if k == index else 10**6) for k, p in enumerate(TWO))
        config, group = TrainConfig(steps=10, batch_size=64), ProcessGroup()
        engine = Eager(apart.train(), config, group)
        data, inputs = Batches({"image": digits.train.x}, config, apart, group).get(range(1), 1)
        engine.run(range(1, 2), data, inputs, [(1e-3, 2.0)])
    assert changed(weights(together), apart) == set()


def test_a_phase_computes_only_the_terms_that_it_names(digits):
    model, calls = make((replace(TWO[0], every=2), TWO[1])), []
    model.decoder.register_forward_hook(lambda *_: calls.append("decoder"))
    model.encoder.register_forward_hook(lambda *_: calls.append("encoder"))
    one_step(model, digits, 1)
    assert calls == ["encoder"]


def test_a_phase_whose_gradient_is_not_finite_is_left_out_and_the_others_are_not(digits):
    model = make()
    before = weights(model)
    engine = one_step(model, digits, 0, poison=True)
    assert changed(before, model) == {name for name in trainable(model) if not name.startswith(DISCRIMINATOR)}
    assert engine.skipped() == SkippedSteps(1, 1) and torch.isfinite(engine.sums).all()


def test_a_run_ends_where_the_gradient_of_a_phase_that_is_rarely_due_stays_not_finite(digits):
    model = make((replace(TWO[0], terms=("distortion",)), replace(TWO[1], every=2)))
    torch.nn.init.constant_(model.objective.discriminator[-1].bias, math.nan)
    with pytest.raises(TrainingError, match="25 steps in a row"):
        fit(model, digits, TrainConfig(steps=100, batch_size=32))


def test_a_phase_that_names_what_the_model_lacks_is_an_error(digits):
    with pytest.raises(AttributeError, match="critic"):
        fit(make((*TWO[:1], replace(TWO[1], moves=("objective.critic",)))), digits, TrainConfig(steps=1))


@pytest.mark.parametrize("phases", [TWO, THREE, RARELY])
def test_it_learns_and_reports_the_terms_of_every_phase(digits, phases):
    seen: list[events.Event] = []
    model, config = make(phases), TrainConfig(epochs=8, batch_size=64, engine="compile")
    summary = fit(model, digits, config, subscribers=[seen.append])
    started = seen[0]
    assert isinstance(started, events.Started) and started.engine == "eager"
    assert started.phases == tuple(phase.name for phase in phases)
    names = {"distortion", "fooling", "discrimination"}
    for event in seen:
        if isinstance(event, events.Progress | events.Validated):
            assert set(event.terms) == names and all(math.isfinite(value) for value in event.terms.values())
        if isinstance(event, events.Validated):
            # The reported loss is the criterion: terms that depend on the discriminator are not in it.
            assert event.loss == event.terms["distortion"]
    assert sum(isinstance(event, events.Progress) for event in seen) and len(summary.curve) == 8
    first, last = summary.curve[0], summary.curve[-1]
    assert {"train_loss", "lr", "fooling_weight"} | {f"validation_{name}" for name in names} <= set(last)
    assert last["train_loss"] == last["train_distortion"] < first["train_distortion"]
    assert last["validation_loss"] < first["validation_loss"]


def test_the_first_line_of_a_run_names_the_engine_and_the_phases(digits):
    stream = io.StringIO()
    fit(make(), digits, TrainConfig(steps=2, batch_size=64, engine="compile"), subscribers=[events.ProgressLine(stream)])
    first, *others = stream.getvalue().splitlines()
    assert first == "2 steps on cpu, float32, eager for 2 phases (autoencoder, discriminator), images resident"
    assert any("distortion" in line and "fooling" in line and "discrimination" in line for line in others)


def test_a_term_that_no_step_has_computed_has_no_mean(digits):
    """The autoencoder moves in steps 0, 3, 6 ...; a validation follows every step."""
    config = TrainConfig(steps=4, batch_size=64, validate_every=1 / (len(digits.train) // 64))
    curve = fit(make(RARELY), digits, config).curve
    assert [point["train_distortion"] is None for point in curve] == [False, True, True, False]
    assert [point["train_loss"] is None for point in curve] == [False, True, True, False]
    assert all(point["train_discrimination"] is not None and point["validation_loss"] is not None for point in curve)


@pytest.mark.parametrize("phases", [TWO, THREE, RARELY])
@pytest.mark.parametrize("extra", [
    {}, {"ema": 0.9}, {"keep": "best", "lr": 0.05}, {"trained": "decoder"}, {"lr_schedule": "cosine", "clip": 0.1},
])  # fmt: skip
def test_resumed_equals_uninterrupted_bit_for_bit(digits, tmp_path, phases, extra):
    config = TrainConfig(steps=20, batch_size=128, validate_every=0.7, save_every=0, threads=1, **extra)
    whole = make(phases)
    expected = fit(whole, digits, config)
    for stop_at in (1, 11):
        calls, folder = iter(range(10**6)), tmp_path / str(stop_at)
        stopped = fit(make(phases), digits, config, folder=folder, should_stop=lambda n=stop_at, c=calls: next(c) == n)
        assert (stopped.reason, stopped.steps) == ("stopped", stop_at)
        # Encoder and decoder are those that the run began with only where they are frozen.
        resumed = make(phases, seed=0 if "trained" in extra else 99)
        again = fit(resumed, digits, config, folder=folder)
        assert changed(weights(whole), resumed) == set() and again.curve == expected.curve


KILLED = """
import sys
from pathlib import Path
import torch._dynamo
from adversarial import make
from killed_runs import train_whole_and_killed
from safetensors.torch import save_file
from vae_core.config import TrainConfig
from vae_core.data import load_dataset
from vae_core.training import fit

digits = load_dataset("digits")

def train(folder, save_every):
    model = make()
    fit(model, digits, TrainConfig(steps=300, batch_size=64, threads=1, save_every=save_every), folder=folder)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder.with_suffix(".safetensors"))

train_whole_and_killed(train, Path(sys.argv[1]), int(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_killed_at_any_moment_it_is_resumed_bit_for_bit(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path), "5"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "killed.safetensors").read_bytes() == (tmp_path / "whole.safetensors").read_bytes()


@pytest.mark.parametrize("phases", [TWO, THREE])
@pytest.mark.parametrize(("trained", "parts"), [("encoder", ("encoder.",)), ("decoder", ("decoder.",))])
@pytest.mark.parametrize("statistics", ["batch", "stored"])
def test_frozen_parts_stay_and_the_discriminator_trains(digits, phases, trained, parts, statistics):
    model = make(phases)
    before = weights(model)
    config = TrainConfig(steps=6, batch_size=64, trained=trained, norm_statistics=statistics)
    curve = fit(model, digits, config).curve
    expected = {name for name in before if name.startswith((*parts, DISCRIMINATOR))}
    if statistics == "stored":
        kept = ("running_mean", "running_var", "num_batches_tracked")
        expected = {name for name in expected if name.startswith(DISCRIMINATOR) or not name.endswith(kept)}
    assert changed(before, model) == expected
    # A phase that moves nothing reports its terms all the same.
    assert all(math.isfinite(curve[-1][f"train_{name}"]) for name in ("distortion", "fooling", "discrimination"))


def test_a_discriminator_alone_is_nothing_to_train(digits):
    model = make()
    model.requires_grad_(False)
    model.objective.requires_grad_(True)
    with pytest.raises(TrainingError, match="Nothing would train"):
        fit(model, digits, TrainConfig(steps=1))


def test_what_only_training_needs_is_known_by_name():
    model = make()
    names = model.training_only
    assert names == {name for name in model.state_dict() if name.startswith(DISCRIMINATOR)} and len(names) == 9
    assert build_model(model.config).training_only == frozenset()
    # Inference does not read them.
    x = torch.rand(4, 1, 8, 8)
    before = model.reconstruct(x)
    with torch.no_grad():
        for p in model.objective.parameters():
            p.fill_(math.nan)
    assert torch.equal(model.reconstruct(x), before)


def test_noise_of_the_objective_leaves_that_of_the_model_as_it_was():
    with_objective, without = make(), build_model(make().config)
    drawn = [model.draw_noise(3, torch.Generator().manual_seed(0)) for model in (with_objective, without)]
    assert drawn[0].keys() - drawn[1].keys() == {"objective.prior"}
    assert all(torch.equal(drawn[0][name], value) for name, value in drawn[1].items())


@pytest.mark.parametrize("extra", [{}, {"ema": 0.9}, {"clip": 0.5, "lr_schedule": "cosine", "flip": True, "shift": 1}])
def test_one_phase_is_a_plain_loop_bit_for_bit(digits, extra):
    objective = ELBOConfig(4.0, LinearSchedule(), 0.1)

    def fresh() -> Autoencoder:
        torch.manual_seed(0)
        return build_model(ModelConfig.for_images((1, 8, 8), 2, ConvConfig(channels=(8,), hidden=(16,)), objective=objective))

    config = TrainConfig(steps=15, batch_size=64, threads=1, precision="float32", **extra)
    found, model = fresh(), fresh().to(memory_format=torch.channels_last).train()
    fit(found, digits, config)

    split = ([p for p in model.parameters() if p.ndim > 1], [p for p in model.parameters() if p.ndim <= 1])
    groups = [{"params": some, "weight_decay": decay} for some, decay in zip(split, (config.weight_decay, 0.0), strict=True)]
    optimizer = torch.optim.AdamW(groups, fused=True)
    average = None
    if config.ema:
        ema = torch.optim.swa_utils.get_ema_multi_avg_fn(config.ema)
        average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=ema, use_buffers=True)
    batches = Batches({"image": digits.train.x}, config, model, ProcessGroup())
    run = type("Run", (), {"config": config, "model": model})
    for step in range(15):
        lr, *term_weights = _hyper(run, step / 15)
        data, (inputs,) = batches.get(range(step, step + 1), 1)
        terms = model.terms(batch_of(data, model.observation, inputs, config.shift), inputs.noise)
        loss = terms["distortion"].mean()
        by_dimension = terms.latent.groups["z"].rate_by_dimension.mean(0)
        loss = loss + torch.tensor(term_weights)[0] * by_dimension.clamp(min=0.1).sum()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.step()
        if average is not None:
            average.update_parameters(model)
    expected = model if average is None else average.module
    assert changed(weights(expected), found) == set()


@pytest.mark.parametrize("phases", [TWO, (replace(TWO[0], every=2),), (replace(TWO[0], moves=("encoder",)),)])
def test_what_is_not_one_update_of_the_whole_model_is_taken_step_by_step(phases):
    for before in ("", "compile"):
        assert type(engine_for(make(phases), TrainConfig(steps=10, engine="compile"), ProcessGroup(), before=before)) is Eager


TOGETHER = """
import sys
import torch
import torch.distributed as dist
from adversarial import short_run
from safetensors.torch import save_file
from vae_core.training.distributed import torchrun

with torchrun(torch.device("cpu")):
    for trained, file in zip(sys.argv[1::2], sys.argv[2::2]):
        weights = short_run(trained)
        if dist.get_rank() == 0:
            save_file(weights, file)
"""


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(tmp_path):
    script = tmp_path / "together.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n{TOGETHER}")
    files = {trained: tmp_path / f"{trained}.safetensors" for trained in ("all", "decoder")}
    arguments = [str(argument) for pair in files.items() for argument in pair]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for trained, file in files.items():
        found = load_file(file)
        for name, expected in short_run(trained).items():
            told = f"{trained}, {name}"
            torch.testing.assert_close(found[name], expected, rtol=1e-3, atol=1e-4, msg=lambda m, told=told: f"{told}: {m}")

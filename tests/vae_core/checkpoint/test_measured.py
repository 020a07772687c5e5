"""From a trained model to its file: what is measured, on which images, and how it is stored."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from vae_core import TrainConfig, checkpoint
from vae_core.checkpoint import CheckpointError, measured
from vae_core.config import MLPConfig, ModelConfig
from vae_core.data import Dataset, Split
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.training.run import Summary

SUMMARY = Summary(3, 1.0, 2.0, "done", 0, [{"step": 3, "train_loss": math.inf, "validation_loss": math.nan, "lr": 0.1}])
CONFIG = TrainConfig(steps=3)


def split(count: int, seed: int) -> Split:
    generator = torch.Generator().manual_seed(seed)
    factors = torch.randint(0, 3, (count, 2), generator=generator)
    return Split(torch.randint(0, 256, (count, 1, 8, 8), dtype=torch.uint8, generator=generator), factors=factors)


@pytest.fixture
def data() -> Dataset:
    names = ("size", "place")
    return Dataset("own", "Own", "", split(40, 0), split(30, 1), split(20, 2), factor_names=names, factor_sizes=(3, 3))


@pytest.fixture
def model() -> Autoencoder:
    torch.manual_seed(0)
    return build_model(ModelConfig.for_images((1, 8, 8), 3, MLPConfig(hidden=(8,)))).eval()


def test_half_precision_is_decided_on_validation_images_alone(model, data, tmp_path, monkeypatch):
    seen = []
    close, per_image = measured._close, measured.per_image
    monkeypatch.setattr(measured, "per_image", lambda model, x, **how: seen.append(x) or per_image(model, x, **how))
    monkeypatch.setattr(measured, "_close", lambda full, half: close(full, half) and len(seen) == 2)
    measured.save_measured(model, data, CONFIG, SUMMARY, tmp_path / "a.safetensors")
    assert [one.x.data_ptr() for one in seen] == [part.x.data_ptr() for part in (data.validation, data.validation, data.test)]
    assert checkpoint.is_half(tmp_path / "a.safetensors")


def test_weights_that_float16_changes_too_much_stay_as_they_are(model, data, tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "_close", lambda full, half: False)
    measured.save_measured(model, data, CONFIG, SUMMARY, tmp_path / "a.safetensors")
    assert not checkpoint.is_half(tmp_path / "a.safetensors")
    for name, value in checkpoint.load(tmp_path / "a.safetensors").model.state_dict().items():
        assert torch.equal(value, model.state_dict()[name])


def test_the_file_has_the_figures_of_its_own_weights_with_their_draws(model, data, tmp_path):
    told = []
    packed = measured.save_measured(
        model, data, CONFIG, SUMMARY, tmp_path / "a.safetensors", iwae_samples=2, progress=lambda *at: told.append(at)
    )
    again, held_out = measured.measured(packed.model, data)
    known = packed.metrics
    assert 16 <= known["samples"] <= 64 and known["iwae_samples"] == 2 and known["distortion_se"] > 0
    assert known == again | {"iwae_samples": 2, "iwae_nll": known["iwae_nll"]}
    assert list(known["mig_by_factor"]) == ["size", "place"] and known["mig_bins"] == 20
    torch.testing.assert_close(packed.held_out.distortion, held_out.distortion.float())
    assert all(a < b for (a, _), (b, _) in itertools.pairwise(told)) and len({total for _, total in told}) == 1
    assert told[-1][0] == told[-1][1]


def test_a_loss_that_was_not_finite_for_a_moment_does_not_cost_the_run(model, data, tmp_path):
    packed = measured.save_measured(model, data, CONFIG, SUMMARY, tmp_path / "a.safetensors", samples=1)
    assert packed.training["curve"] == [{"step": 3, "train_loss": None, "validation_loss": None, "lr": 0.1}]
    assert packed.metrics["samples"] == 1 and packed.metrics["distortion_se"] is None


def test_figures_of_a_model_that_has_diverged_are_told(model, data, tmp_path):
    with torch.no_grad():
        model.encoder.body[-1].weight.fill_(1e15)
        model.encoder.body[-1].bias.fill_(1e15)
    with pytest.raises(CheckpointError, match="its training has diverged; lower the learning rate"):
        measured.save_measured(model, data, CONFIG, SUMMARY, tmp_path / "a.safetensors", samples=1)
    assert not list(tmp_path.iterdir())


def test_what_no_file_can_hold_is_refused_before_it_is_measured(model, data, tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "per_image", None)
    with pytest.raises(CheckpointError, match="'title'"):
        measured.save_measured(model, data, CONFIG, SUMMARY, tmp_path / "a.safetensors", title="a\nb")

"""Files of earlier versions open, and hold the same model."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from vae_core import checkpoint
from vae_core.checkpoint import Checkpoint, CheckpointError, HeldOut
from vae_core.config import BernoulliConfig, DeterministicConfig, ELBOConfig, ModelConfig, ResidualConfig
from vae_core.metrics import evaluate
from vae_core.models.build import build_model
from vae_core.models.samplers import FittedGaussian

CONFIG_1 = {
    "image": [1, 8, 8],
    "latent": 3,
    "net": {"kind": "residual", "channels": [4], "hidden": [8], "conv_blocks": 0, "dense_blocks": 1, "norm": "batch"},
    "posterior": {"kind": "gaussian"},
    "prior": {"kind": "normal"},
    "likelihood": {"kind": "bernoulli", "sigma": 0.1, "binarize": False},
    "objective": {"beta": 2.0, "schedule": {"kind": "constant", "share": 0.1, "cycles": 4}, "free_bits": 0.0},
}


def make(posterior=None) -> Checkpoint:
    torch.manual_seed(0)
    objective = None if posterior else ELBOConfig(beta=2.0)
    config = ModelConfig.for_images((1, 8, 8), 3, ResidualConfig((4,), (8,), 0, 1), posterior, objective)
    codes = FittedGaussian.fit(torch.randn(50, 3))
    held_out = HeldOut(torch.randn(7, 3), distortion=torch.rand(7))
    return Checkpoint(build_model(config).eval(), {"name": "digits"}, {"steps": 3}, {"n": 7}, held_out, codes, "A title")


def as_version_1(saved: Checkpoint, path: Path, *, half: bool = False, **changes) -> None:
    """Writes a checkpoint as version 1 did."""
    checkpoint.save(saved, path, half=half)
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["latent_explorer"])
    tensors = load_file(path)
    statistics = {name: tensors.pop(f"codes.{name}", None) for name in ("mean", "covariance")}
    zeros = {"mean": torch.zeros(3), "covariance": torch.zeros(3, 3)}
    tensors |= {f"model.codes_{k}": zeros[k] if v is None else v for k, v in statistics.items()}
    header |= {"version": 1, "config": CONFIG_1 | changes}
    save_file(tensors, path, {"latent_explorer": json.dumps(header)})


@pytest.mark.parametrize("half", [False, True])
def test_a_file_of_version_1_holds_the_same_model(tmp_path, half):
    saved, path = make(), tmp_path / "a.safetensors"
    as_version_1(saved, path, half=half)
    assert json.loads(_metadata(path))["version"] == 1
    found = checkpoint.load(path)
    assert found.config == saved.config and found.title == "A title" and found.metrics == {"n": 7}
    x = torch.rand(6, 1, 8, 8)
    wanted = saved.model
    if half:
        wanted.load_state_dict(checkpoint.stored(wanted, half=True))
    assert evaluate(found.model, x, samples=2) == evaluate(wanted, x, samples=2)
    for name in ("mean", "covariance"):
        torch.testing.assert_close(getattr(found.codes, name), getattr(saved.codes, name), rtol=0, atol=0)
    assert checkpoint.is_half(path) == half


def test_written_again_it_is_of_the_present_version_and_the_same(tmp_path):
    path = tmp_path / "a.safetensors"
    as_version_1(make(), path)
    first = checkpoint.load(path)
    checkpoint.save(first, path)
    again = checkpoint.load(path)
    assert json.loads(_metadata(path))["version"] == checkpoint.VERSION == 2
    assert again.config == first.config
    for (name, a), (other, b) in zip(first.model.state_dict().items(), again.model.state_dict().items(), strict=True):
        assert name == other and torch.equal(a, b)


def test_a_plain_autoencoder_of_version_1_has_no_rate(tmp_path):
    path = tmp_path / "a.safetensors"
    as_version_1(make(DeterministicConfig()), path, posterior={"kind": "deterministic"})
    model = checkpoint.load(path).model
    assert not model.capabilities.rate and model.config.objective.kind == "reconstruction"


def test_statistics_that_were_never_fitted_are_none(tmp_path):
    saved, path = make(), tmp_path / "a.safetensors"
    saved.codes = None
    as_version_1(saved, path)
    assert checkpoint.load(path).codes is None


@pytest.mark.parametrize(
    "changes",
    [{"image": 3}, {"net": {"kind": "transformer"}}, {"likelihood": {"kind": "bernoulli", "binarize": 2}}, {"latent": 0}],
)
def test_a_damaged_configuration_of_version_1_is_refused(tmp_path, changes):
    path = tmp_path / "a.safetensors"
    as_version_1(make(), path, **changes)
    with pytest.raises(CheckpointError, match=r"a\.safetensors describes a model that cannot be built"):
        checkpoint.load(path)


def test_binary_pixels_of_version_1_stay_binary(tmp_path):
    path = tmp_path / "a.safetensors"
    as_version_1(make(), path, likelihood={"kind": "bernoulli", "sigma": 0.1, "binarize": True})
    assert checkpoint.load(path).config.likelihood == BernoulliConfig(binarize=True)


def _metadata(path: Path) -> str:
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length])["__metadata__"]["latent_explorer"]

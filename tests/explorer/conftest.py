"""A registry of small checkpoints in a folder of the test's own."""

from __future__ import annotations

import pytest
import torch

from vae_core import checkpoint, zoo
from vae_core.checkpoint import Checkpoint, HeldOut
from vae_core.config import GRUConfig, ImageField, LikelihoodConfig, MLPConfig
from vae_core.models.build import build_model
from vae_core.models.samplers import FittedGaussian

IMAGE = ImageField("image", 1, 8, 8)


@pytest.fixture(autouse=True)
def _own_home(home, warm_workers):
    """No test here reads or writes what is a person's own."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the app finds its checkpoints."""
    monkeypatch.setenv("VAE_CHECKPOINTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def put(folder):
    """put(name, ...): writes an untrained checkpoint."""

    def put(
        name: str,
        kind: str = "vae",
        latent: int = 2,
        data: str = "mnist",
        metrics=None,
        held_out=True,
        fingerprint="",
        codes=50,
        likelihood="bernoulli",
        mse=None,
        field=IMAGE,
    ) -> None:
        torch.manual_seed(0)
        net = GRUConfig(embedding=6, units=16) if field.discrete else MLPConfig(hidden=(8,))
        entries = LikelihoodConfig.of("categorical" if field.discrete else likelihood)
        config = zoo.model_config(kind, field, latent, net, entries, classes=3)
        shape = config.structure.code_shape
        drawn = torch.randn(codes, *shape) if config.posterior.is_continuous else torch.randint(128, (codes, *shape))
        seen = HeldOut(drawn, labels=torch.arange(codes) % 3, mse=mse) if held_out else None
        about = {"name": data, "title": data.upper(), "about": "About.", "classes": ["a", "b", "c"], "fingerprint": fingerprint}
        model = build_model(config)
        given = 0 if model.capabilities.conditions else None
        fitted = None
        if seen and model.capabilities.plane:
            x = torch.randint(1, 27, (20, 16)) if field.discrete else torch.rand(20, 1, 8, 8)
            fitted = FittedGaussian.fit(model.encode(x, given).mean)
        saved = Checkpoint(model, about, {}, metrics or {}, seen, fitted, f"{kind} {latent}")
        checkpoint.save(saved, folder / f"{name}.safetensors")

    return put

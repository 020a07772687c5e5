"""The engine that a run of some length gets, and what takes its place where compiling fails."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from vae_core.config import MLPConfig, ModelConfig, TrainConfig
from vae_core.config.training import EngineName as Engine
from vae_core.data.dataset import Split, TrainingSplits
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.training import engine_choice, fit, fused_step
from vae_core.training.distributed import ProcessGroup
from vae_core.training.engine_choice import ENGINES, engine_for
from vae_core.training.engines import Eager
from vae_core.training.events import Compiling, NotCompiled, Started


def made() -> Autoencoder:
    torch.manual_seed(0)
    return build_model(ModelConfig.for_images((1, 8, 8), 2, MLPConfig(hidden=(16,))))


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return torch.randint(0, 256, (200, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_every_engine_has_a_name_of_its_own():
    assert set(ENGINES) == set(get_args(Engine)) - {"auto"}


@pytest.mark.parametrize(
    ("wanted", "length", "found"),
    [
        ("auto", {"seconds": 10.0}, "eager"),
        ("auto", {"seconds": 600.0}, "compile"),
        ("auto", {"steps": 10}, "eager"),
        ("compile", {"seconds": 1.0}, "compile"),
        ("auto", {"steps": 100_000}, "compile"),
        ("graph", {"steps": 100_000}, "eager"),
        ("compiled-graph", {"steps": 10}, "compile"),
    ],
)
def test_a_short_run_does_not_compile(wanted, length, found):
    config, steps = TrainConfig(engine=wanted, **length), length.get("steps", 0)
    assert engine_for(made(), config, ProcessGroup(), steps).name == found
    assert type(engine_for(made(), config, ProcessGroup(), steps, before="eager")) is Eager


@pytest.mark.parametrize(
    ("seconds", "steps", "found"),
    [
        (5, 0, "eager"), (10, 0, "graph"), (300, 0, "compiled-graph"),
        (0, 100, "eager"), (0, 2_000, "graph"), (0, 60_000, "compiled-graph"),
    ],
)  # fmt: skip
def test_on_cuda_the_longer_a_run_the_more_is_made_ready(seconds, steps, found):
    assert engine_choice._paying(torch.device("cuda"), seconds, steps) == found


@pytest.mark.parametrize("at", ["compiling", "running"])
def test_a_compiler_that_fails_costs_the_run_nothing(at, x, monkeypatch):
    def broken(*_: object) -> None:
        raise AssertionError(f"expected size 16==16, stride 196==1, while {at}")

    if at == "compiling":
        monkeypatch.setattr(fused_step, "_compiled", broken)
    else:
        monkeypatch.setattr(fused_step, "_compiled", lambda graph, example: broken)
    config, told, curves = TrainConfig(steps=6, batch_size=64, threads=1), [], []
    for engine in ("eager", "compile"):
        run = config.replace(engine=engine)
        curves.append(fit(made(), TrainingSplits(Split(x), Split(x[:40])), run, subscribers=[told.append]).curve)
    assert [event.engine for event in told if isinstance(event, Started)] == ["eager", "eager"]
    (why,) = [event for event in told if isinstance(event, NotCompiled)]
    assert why.engine == "eager" and f"while {at}" in why.reason
    assert curves[0] == curves[1]


@pytest.mark.slow
def test_without_a_compiler_a_run_is_eager_and_says_so(x):
    import torch._inductor.config as compilation

    told = []
    with compilation.patch({"cpp.cxx": ("no-such-compiler",), "force_disable_caches": True}):
        fit(made(), TrainingSplits(Split(x), Split(x[:40])), TrainConfig(steps=2, engine="compile"), subscribers=[told.append])
    assert [type(event) for event in told[:3]] == [Compiling, NotCompiled, Started]
    assert "compiler" in told[1].reason
    assert [event.engine for event in told[:3]] == ["compile", "eager", "eager"]

"""Images that stay on the host give the steps that images on the device give."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

import vae_core
from vae_core.config import MLPConfig, ModelConfig
from vae_core.data.dataset import Split, TrainingSplits
from vae_core.training import events, prefetch
from vae_core.training.batches import Batches
from vae_core.training.distributed import ProcessGroup

CPU = torch.device("cpu")
CONFIG = vae_core.TrainConfig(steps=23, batch_size=16, flip=True, shift=1, ema=0.9)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory) -> torch.Tensor:
    """As a set larger than memory would be: a file of which a tensor is the view."""
    x = vae_core.load_dataset("digits").train.x[:100]
    path = tmp_path_factory.mktemp("mapped") / "x.npy"
    np.save(path, x.numpy())
    return torch.from_numpy(np.load(path, mmap_mode="r+"))


def made() -> vae_core.Autoencoder:
    torch.manual_seed(0)
    return vae_core.build_model(ModelConfig.for_images((1, 8, 8), 2, MLPConfig(hidden=(16,))))


def trained(x: torch.Tensor, source: str, engine: str = "eager"):
    model, seen = made(), []
    config = CONFIG.replace(source=source, engine=engine)
    vae_core.fit(model, TrainingSplits(Split(x), Split(x[:20])), config, subscribers=[seen.append])
    (started,) = [e for e in seen if isinstance(e, events.Started)]
    assert started.engine == engine
    return model.state_dict(), started.source


def test_the_steps_are_the_same(mapped):
    before = threading.active_count()
    resident, said = trained(mapped, "resident")
    streamed, said_streamed = trained(mapped, "streamed")
    assert (said, said_streamed) == ("resident", "streamed")
    assert all(torch.equal(resident[k], streamed[k]) for k in resident)
    assert threading.active_count() == before


@pytest.mark.slow
def test_a_compiled_step_takes_streamed_images(mapped, compiler):
    resident, _ = trained(mapped, "resident")
    streamed, _ = trained(mapped, "streamed", "compile")
    for name in resident:
        torch.testing.assert_close(streamed[name], resident[name], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("most", [1, 4])
def test_streamed_rows_come_in_order_across_epochs_and_in_any_number(mapped, most):
    here, there = (
        Batches({"image": mapped}, CONFIG.replace(source=source), made(), ProcessGroup()) for source in ("resident", "streamed")
    )
    step = 0
    for count in (most, 1, most, 1, 1, most, most, most):
        steps = range(step, step + count)
        (whole, inputs), (brought, streamed) = here.get(steps, most), there.get(steps, most)
        assert len(brought["image"]) == most * 16
        for one, other in zip(inputs, streamed, strict=True):
            assert torch.equal(whole["image"][one.index], brought["image"][other.index])
            assert torch.equal(one.noise["z.epsilon"], other.noise["z.epsilon"])
        step = steps.stop
    assert step > here.steps_per_epoch
    there.close()


@pytest.mark.parametrize("source", ["resident", "streamed"])
def test_an_example_points_into_its_own_images(mapped, source):
    batches = Batches({"image": mapped}, CONFIG.replace(source=source), made(), ProcessGroup())
    found, _ = batches.get(range(3, 4), 2)
    # In the order of this step there are images beyond those of two steps.
    assert batches.at(3).index.max() >= 32
    data, inputs = batches.example(3, 2)
    assert data["image"].shape == found["image"].shape and data["image"].dtype == found["image"].dtype
    assert len(inputs.index) == 16 and inputs.index.min() >= 0 and inputs.index.max() < len(data["image"])
    batches.close()


@pytest.mark.parametrize(("room", "found"), [(10**9, False), (6_399, True), (None, False)])
def test_images_that_do_not_fit_are_streamed(mapped, monkeypatch, room, found):
    monkeypatch.setattr(prefetch, "free_bytes", lambda device: room)
    assert mapped.nbytes == 6_400
    assert prefetch.streams({"image": mapped}, CPU, "auto") is found
    assert prefetch.streams({"image": mapped}, CPU, "streamed") and not prefetch.streams({"image": mapped}, CPU, "resident")


def test_half_of_another_device_is_for_images(mapped, monkeypatch):
    monkeypatch.setattr(prefetch, "free_bytes", lambda device: 12_000)
    assert prefetch.streams({"image": mapped}, torch.device("cuda"), "auto")
    monkeypatch.setattr(prefetch, "free_bytes", lambda device: 13_000)
    assert not prefetch.streams({"image": mapped}, torch.device("cuda"), "auto")


def test_an_error_while_gathering_reaches_the_run(mapped):
    prefetcher = prefetch.Prefetcher({"image": mapped}, CPU)
    prefetcher.expect(1000, lambda key: np.array([key]))
    with pytest.raises(IndexError):
        prefetcher.get(1000, lambda key: np.array([0]))
    prefetcher.close()


def test_a_run_that_fails_leaves_no_thread(mapped):
    before, model = threading.active_count(), made()
    model.terms = lambda *_: (_ for _ in ()).throw(RuntimeError("broken"))
    with pytest.raises(RuntimeError, match="broken"):
        vae_core.fit(model, TrainingSplits(Split(mapped), Split(mapped[:20])), CONFIG.replace(source="streamed"))
    assert threading.active_count() == before

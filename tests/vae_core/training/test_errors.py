"""What stops a run is told in a sentence, and what was written before stays."""

from __future__ import annotations

import errno

import pytest
import torch

import vae_core
from vae_core.config import MLPConfig, ModelConfig
from vae_core.data.dataset import Split, TrainingSplits
from vae_core.training import TrainingError, events, state
from vae_core.training.fit import STATE_FILE

CONFIG = vae_core.TrainConfig(steps=12, batch_size=16, save_every=0.0)


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return vae_core.load_dataset("digits").train.x[:64]


def made() -> vae_core.Autoencoder:
    torch.manual_seed(0)
    return vae_core.build_model(ModelConfig.for_images((1, 8, 8), 2, MLPConfig(hidden=(8,))))


def full(monkeypatch, after: int) -> None:
    """The disk is full from that write on, in the middle of the file."""
    whole, count = state.save_file, [0]

    def written(tensors, path, header):
        count[0] += 1
        if count[0] <= after:
            return whole(tensors, path, header)
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(state, "save_file", written)


def test_a_full_disk_leaves_the_state_before_and_the_run_goes_on_from_there(x, tmp_path, monkeypatch):
    expected = made()
    vae_core.fit(expected, TrainingSplits(Split(x), Split(x)), CONFIG)
    with monkeypatch.context() as patched:
        full(patched, after=5)
        with pytest.raises(TrainingError, match=r"step 6 cannot be written .*No space left on device.*; make room"):
            vae_core.fit(made(), TrainingSplits(Split(x), Split(x)), CONFIG, folder=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.lock", STATE_FILE]
    seen, model = [], made()
    vae_core.fit(model, TrainingSplits(Split(x), Split(x)), CONFIG, folder=tmp_path, subscribers=[seen.append])
    assert isinstance(seen[0], events.Started) and seen[0].step == 5
    for name, weight in expected.state_dict().items():
        assert torch.equal(model.state_dict()[name], weight)


@pytest.mark.parametrize("error", [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9."),
    MemoryError(),
])  # fmt: skip
def test_memory_that_runs_out_leaves_the_state_before(x, tmp_path, error):
    model = made()
    terms, calls = model.terms, [0]

    def hungry(*args):
        calls[0] += model.training
        if calls[0] == 4:
            raise error
        return terms(*args)

    model.terms = hungry
    with pytest.raises(TrainingError, match="The memory of cpu does not hold a step with batches of 16 images; take a smaller"):
        vae_core.fit(model, TrainingSplits(Split(x), Split(x)), CONFIG, folder=tmp_path)
    seen = []
    vae_core.fit(made(), TrainingSplits(Split(x), Split(x)), CONFIG, folder=tmp_path, subscribers=[seen.append])
    assert seen[0].step == 3 and seen[-1].reason == "done"


def test_other_errors_stay_what_they_are(x):
    model = made()
    model.terms = lambda *_: (_ for _ in ()).throw(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="mat1 and mat2") as found:
        vae_core.fit(model, TrainingSplits(Split(x), Split(x)), CONFIG)
    assert not isinstance(found.value, TrainingError)

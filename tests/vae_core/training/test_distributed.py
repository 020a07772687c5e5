"""Two processes that train one model come to what one comes to."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import torch

import vae_core
from vae_core.cli import main
from vae_core.config import MLPConfig, ModelConfig
from vae_core.training import TrainingError
from vae_core.training.batches import Batches
from vae_core.training.distributed import ProcessGroup

COMMAND = ["train", "--data", "digits", "--net", "residual", "--norm", "none", "--channels", "8", "--hidden", "16", "--json",
           "--device", "cpu", "--batch-size", "64", "--ema", "0.9"]  # fmt: skip
TOGETHER = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def trained(folder: Path, *length: str, together: bool) -> tuple[dict[str, torch.Tensor], list[dict]]:
    """The weights and the events of a run."""
    out = folder / f"{'two' if together else 'one'}.safetensors"
    where = ["--out", str(out), "--folder", str(out.with_suffix(""))]
    arguments = [*COMMAND, *length, *where]
    if together:
        command = [sys.executable, *TOGETHER, "-m", "vae_core", *arguments]
        found = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert found.returncode == 0, found.stderr
        printed = found.stdout
    else:
        with redirect_stdout(io.StringIO()) as printing:
            assert main(arguments) == 0
        printed = printing.getvalue()
    told = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return vae_core.load(out).model.state_dict(), told


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(tmp_path):
    one, told_one = trained(tmp_path, "--steps", "40", together=False)
    two, told_two = trained(tmp_path, "--steps", "40", together=True)
    assert {e["processes"] for e in told_two if e["event"] == "started"} == {2}
    for name, expected in one.items():
        torch.testing.assert_close(two[name], expected, rtol=1e-3, atol=1e-4, msg=lambda m, name=name: f"{name}: {m}")
    losses = [[e["loss"] for e in told if e["event"] == "validated"] for told in (told_one, told_two)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4) and len(losses[0]) == 2
    assert sum(e["event"] == "packed" for e in told_two) == 1


@pytest.mark.slow
def test_two_processes_keep_a_budget_in_seconds_and_go_on_together(tmp_path):
    _, told = trained(tmp_path, "--seconds", "1.5", together=True)
    assert [e["reason"] for e in told if e["event"] == "finished"] == ["done"]
    steps = next(e["step"] for e in told if e["event"] == "finished")
    _, told = trained(tmp_path, "--seconds", "1.5", together=True)
    assert next(e["step"] for e in told if e["event"] == "started") == steps > 0


def of_two(rank: int) -> ProcessGroup:
    group = ProcessGroup()
    group.size, group.rank = 2, rank
    return group


def test_the_shares_of_two_processes_are_the_batch():
    x = torch.arange(50, dtype=torch.uint8).reshape(-1, 1, 1, 1).repeat(1, 1, 8, 8)
    net = MLPConfig(hidden=(4,))
    model = vae_core.build_model(ModelConfig.for_images((1, 8, 8), 2, net))
    config = vae_core.TrainConfig(steps=1, batch_size=8, flip=True, shift=1)
    whole = Batches({"image": x}, config, model, ProcessGroup())
    shares = [Batches({"image": x}, config, model, of_two(rank)) for rank in range(2)]
    for step in (0, 5, 6, 63, 64, 200):
        tensors = zip(whole.at(step).tensors(), *(share.at(step).tensors() for share in shares), strict=True)
        for both, first, second in tensors:
            assert torch.equal(both, torch.cat([first, second]))


@pytest.mark.parametrize("batch", [7, 2])
def test_a_batch_has_to_divide_among_the_processes(batch):
    model = vae_core.build_model(ModelConfig.for_images((1, 8, 8), 2, MLPConfig(hidden=(4,))))
    x = torch.zeros(50, 1, 8, 8, dtype=torch.uint8)
    with pytest.raises(TrainingError, match=f"A batch of {batch} images does not divide among 2 processes"):
        Batches({"image": x}, vae_core.TrainConfig(steps=1, batch_size=batch), model, of_two(0))

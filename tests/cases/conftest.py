"""What is done with the inputs of the cases: written as a folder or a .zip, trained on by command, fine-tuned on in the app."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import streamlit as st

from explorer.services import fine_tuning, models, runs
from vae_core import checkpoint
from vae_core.cli import main

FAST = ["--net", "mlp", "--hidden", "16", "--batch-size", "64", "--steps", "2", "--device", "cpu"]


@pytest.fixture(autouse=True)
def _own_place(tmp_path, home, warm_workers, monkeypatch):
    """Every test has a working folder, an app's home and a session of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(st, "session_state", {})


def packed(files: dict[str, bytes]) -> bytes:
    """A .zip of files (name -> bytes)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path):
    """folder(name, files): writes files (name -> bytes) into a folder, and gives its path."""

    def folder(name: str, files: dict[str, bytes]) -> Path:
        for file, content in files.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return tmp_path / name

    return folder


@pytest.fixture(params=["folder", "zip"])
def put(request, folder, tmp_path):
    """put(name, files): writes files (name -> bytes) as a folder or as a .zip, and gives its path: every test runs on both."""

    def put(name: str, files: dict[str, bytes]) -> Path:
        if request.param == "folder":
            return folder(name, files)
        path = tmp_path / f"{name}.zip"
        path.write_bytes(packed(files))
        return path

    return put


@pytest.fixture
def trained(capsys):
    """trained(data): `train --data` with a small net; gives the checkpoint, `trained.safetensors`, and the lines on stderr."""

    def trained(data: Path) -> tuple[checkpoint.Checkpoint, list[str]]:
        capsys.readouterr()
        code = main(["train", "--data", str(data), *FAST, "--out", "trained.safetensors"])
        said = capsys.readouterr().err.splitlines()
        assert code == 0, said
        return checkpoint.load(Path("trained.safetensors")), said

    return trained


@pytest.fixture
def fine_tuned(until):
    """fine_tuned(model, name, files, steps): runs Fine-tune with the page's defaults on a .zip of files, to its end."""

    def fine_tuned(model: str, name: str, files: dict[str, bytes], steps: int) -> runs.FineTuningRun:
        card = models.registry().card(model)
        beta = card.config.objective.beta
        lr = fine_tuning.learning_rate(card, None, beta, card.config.likelihood)
        request = fine_tuning.RunRequest(card.name, None, "steps", steps, lr, fine_tuning.BATCH_SIZE, seed=0, beta=beta)
        run = fine_tuning.start(request, card, [(name, packed(files))])
        until(run.job, "done", "failed", "dead")
        run = runs.find(run.job.name)
        assert run.state == "done", run.message
        return run

    return fine_tuned

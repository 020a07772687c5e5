"""Folders of images on the command line: classes, splits, growth, other channels and files beside them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import case_inputs
import numpy as np
import pytest
import torch
from PIL import Image

from vae_core import checkpoint
from vae_core.cli import evaluate, main, train
from vae_core.data import Split


def pixels(x: torch.Tensor | Split) -> set[bytes]:
    """The pixels of each image of a batch or of a split."""
    return {image.tobytes() for image in (x.x if isinstance(x, Split) else x).numpy()}


def pixels_of(file: bytes) -> bytes:
    """The pixels of a picture's file."""
    return np.asarray(Image.open(io.BytesIO(file))).tobytes()


@pytest.fixture
def used(monkeypatch):
    """The images, as bytes, that the commands have used, by what they were used for."""
    used: dict[str, set[bytes]] = {}

    def fit(model, data, *given, **named):
        used["trained on"], used["validated on"] = pixels(data.train.x), pixels(data.validation.x)
        return fit_itself(model, data, *given, **named)

    def measure(model, x, **named):
        used["called held-out"] = pixels(x)
        return measure_itself(model, x, **named)

    fit_itself, measure_itself = train.fit, evaluate.evaluate
    monkeypatch.setattr(train, "fit", fit)
    monkeypatch.setattr(evaluate, "evaluate", measure)
    return used


def test_300_classes_are_trained_on_and_saved(folder, trained):
    made, _ = trained(folder("classes300", case_inputs.classes300()))
    assert made.data["classes"] == [f"person_{k:03d}" for k in range(300)]
    assert made.held_out.labels.max() > 255 and len(made.held_out.codes) == len(made.held_out.labels)


def test_folders_called_train_val_and_test_are_the_split(used, folder, trained):
    files = case_inputs.splits()
    made, said = trained(folder("splits", files))
    assert made.data["classes"] == ["cat", "dog"] and made.data["split_by"] == "folders"
    assert np.bincount(made.held_out.labels).tolist() == [8, 8]
    split = "40 train, 16 validation, 16 test; split by the folders test, train, val"
    assert split in made.data["about"] and any(split in line for line in said)
    for name, part in (("train", "trained on"), ("val", "validated on")):
        assert used[part] == {pixels_of(content) for file, content in files.items() if file.startswith(f"{name}/")}


@pytest.mark.parametrize("part", [None, "trained on", "validated on", "called held-out"])
def test_no_image_that_was_trained_on_is_called_held_out_after_one_was_copied_in(part, used, folder, trained, capsys):
    """The picture that is copied into the folder is a new one, or one that has been used before."""
    files = case_inputs.grow()
    path = folder("grow", files)
    trained(path)
    command = ["evaluate", "trained.safetensors", "--data", "grow", "--samples", "1"]
    assert main(command) == 0
    before = dict(used)
    was = {name: {content for content in files.values() if pixels_of(content) in images} for name, images in used.items()}
    assert sum(map(len, was.values())) == 100 and min(map(len, was.values())) >= 2

    (path / "copied.png").write_bytes(case_inputs.noise(100) if part is None else min(was[part]))
    capsys.readouterr()
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert "held-out images (test split) of grow" in out
    assert ("grow is not the data set that the model was trained on" in err) == (part is None)
    assert len(used["called held-out"]) >= 2
    assert not used["called held-out"] & (before["trained on"] | before["validated on"])


FITTED = [
    (case_inputs.grey_as_rgb, "faces-vae-64", "64x64", "colour", "their central part"),
    (case_inputs.colour12, "mnist-vae-2", "28x28", "grey", "what is drawn, scaled and centred"),
]


@pytest.mark.parametrize(("files", "model", "size", "colour", "how"), FITTED)
@pytest.mark.parametrize("command", ["evaluate", "encode", "train --start"])
def test_pictures_are_fitted_to_the_model_and_that_is_said(command, files, model, size, colour, how, folder, capsys):
    folder("mine", files())
    arguments = {
        "evaluate": ["evaluate", model, "--samples", "1", "--json"],
        "encode": ["encode", model, "--out", "codes.npz"],
        "train --start": ["train", "--start", model, "--steps", "1", "--trained", "heads", "--out", "tuned.safetensors"],
    }[command]
    assert main([*arguments, "--data", "mine", "--device", "cpu"]) == 0
    out, err = capsys.readouterr()
    assert f"The pictures of mine are fitted to {model}: {size}, {colour}, {how}." in err.splitlines()
    assert f"mine: 12 {colour} images of your own at {size} " in err and "left out" not in err
    if command == "evaluate":
        assert json.loads(out)["n"] >= 2
    elif command == "encode":
        with np.load("codes.npz") as codes:
            assert len(codes["mean"]) >= 2 and np.isfinite(codes["mean"]).all()
    else:
        tuned = checkpoint.load(Path("tuned.safetensors"))
        assert tuned.data["title"] == "mine" and tuned.training["steps"] == 1


def test_3000_text_files_beside_the_pictures_are_one_line(folder, trained):
    made, said = trained(folder("labels_beside", case_inputs.labels_beside()))
    assert [line for line in said if "txt" in line] == [
        "left out 3,000 .txt files are not images (0000.txt, 0001.txt, 0002.txt, ...)"
    ]
    assert "12 grey images" in made.data["about"] and "3,000 files were not used" in made.data["about"]

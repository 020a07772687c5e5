"""The command line, run as a person runs it: outputs, exit codes, one-line errors."""

from __future__ import annotations

import inspect
import io
import json
import math
import os
import signal
import subprocess
import sys
import zipfile

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from vae_core import checkpoint, load_dataset, recipes, zoo
from vae_core.checkpoint import header
from vae_core.cli import COMMANDS, main
from vae_core.cli.reporting import print_figures
from vae_core.config import BernoulliConfig, MLPConfig
from vae_core.data.splits import mark
from vae_core.metrics import evaluate
from vae_core.models.build import build_model

TINY = ["--net", "mlp", "--hidden", "16", "--batch-size", "128", "--device", "cpu"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with one checkpoint of digits, trained by the command."""
    folder = tmp_path_factory.mktemp("trained")
    out = folder / "tiny.safetensors"
    arguments = ["train", "--data", "digits", "--model", "vae", "--latent", "2", "--epochs", "2", *TINY]
    assert main([*arguments, "--out", str(out), "--run", str(folder / "run"), "--json"]) == 0
    return out


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def error(capsys) -> str:
    text = capsys.readouterr().err
    assert text.startswith("error: ") and text.count("\n") == 1, text
    return text


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_has_a_sentence_for_each(command, capsys):
    with pytest.raises(SystemExit) as done:
        main([*command.split(), "--help"])
    assert done.value.code == 0
    text = capsys.readouterr().out
    assert "usage: python -m vae_core" in text and len(text) > 200


def test_wrong_usage_exits_with_2(capsys):
    for arguments in ([], ["fly"], ["train", "--latent", "two"], ["train", "--data", "digits", "--model", "gan"]):
        with pytest.raises(SystemExit) as done:
            main(arguments)
        assert done.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train"], "either --recipe NAME or --data NAME"),
        (["train", "--data", "digits", "--recipe", "mnist-vae-2"], "either --recipe NAME or --data NAME"),
        (["train", "--data", "no-such-set"], "no-such-set"),
        (["train", "--data", "digits", "--latent", "0"], "--latent is 0; it must be from 1 to 1024"),
        (["train", "--data", "digits", "--lr", "-1"], "--lr is -1.0; it must be above 0"),
        (
            ["train", "--data", "digits", "--channels", "8,8,8,8"],
            "--channels is [8, 8, 8, 8]; it must be fewer for a 8 x 8 image",
        ),
        (["train", "--data", "digits", "--batch-size", "1"], "--batch-size is 1"),
        (["train", "--data", "digits", "--epochs", "-1"], "--epochs is -1.0"),
        (["train", "--data", "digits", "--likelihood", "gaussian", "--binarize"], "binarize"),
        (["train", "--start", "mnist-vae-2"], "either --recipe NAME or --data NAME"),
        (["train", "--recipe", "mnist-vae-2", "--start", "mnist-vae-2"], "leave out --start"),
        (["train", "--data", "digits", "--start", "no-such-model"], "no-such-model"),
        (["train", "--data", "mnist5k", "--start", "mnist-vae-2", "--latent", "2"], "checkpoint has settled --latent"),
        (["train", "--data", "mnist5k", "--start", "mnist-vae-2", "--free-bits", "-1"], "--free-bits is -1.0"),
        (
            ["train", "--data", "mnist5k", "--start", "mnist-ae-2", "--beta", "2"],
            "--beta has no effect with an objective of kind reconstruction",
        ),
        (["train", "--data", "digits", "--start", "mnist-vae-2"], "images of 1x8x8"),
        (["evaluate", "no-such-model"], "no-such-model"),
        (["encode", "no-such-model"], "no-such-model"),
        (["export", "no-such-model"], "no-such-model"),
        (["fetch", "no-such-set"], "no-such-set"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1(arguments, said, capsys):
    assert main(arguments) == 1
    assert said in error(capsys)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "ae", "--beta", "1"], "--beta has no effect with an objective of kind reconstruction"),
        (["--model", "ae", "--free-bits", "0"], "--free-bits has no effect with an objective of kind reconstruction"),
        (
            ["--model", "ae", "--beta-schedule", "constant"],
            "--beta-schedule has no effect with an objective of kind reconstruction",
        ),
        (["--sigma", "0.2"], "--sigma has no effect with a likelihood of kind bernoulli"),
        (["--start", "TRAINED", "--sigma", "0.2"], "--sigma has no effect with a likelihood of kind bernoulli"),
        (["--net", "mlp", "--channels", "8"], "--channels has no effect with a net of kind mlp"),
        (["--net", "mlp", "--norm", "none"], "--norm has no effect with a net of kind mlp"),
        (["--beta", "0", "--free-bits", "1"], "--free-bits has no effect with a beta of 0"),
        (["--start", "TRAINED", "--trained", "decoder", "--beta", "2"], "--beta has no effect with training of the decoder"),
        (["--size", "8"], "--size is for images of your own"),
        (["--model", "vq-vae", "--latent", "2"], "--latent has no effect with a structure of kind grid"),
        (["--model", "vq-vae", "--beta", "2"], "--beta has no effect with an objective of kind vector-quantized"),
        (["--codes", "8"], "--codes has no effect with a structure of kind flat"),
        (["--model", "vq-vae", "--grid", "3,3"], "--grid is (3, 3); it must be (2, 2)"),
    ],
)
def test_options_without_effect_are_refused_before_anything_is_written(trained, arguments, said, tmp_path, capsys):
    arguments = [str(trained) if a == "TRAINED" else a for a in arguments]
    assert main(["train", "--data", "digits", "--steps", "1", *arguments]) == 1
    assert said in error(capsys) and not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--seed", "--samples", "--iwae"])
def test_options_of_evaluate_without_effect_on_a_deterministic_code_are_refused(option, capsys):
    assert main(["evaluate", "mnist-ae-2", "--data", "mnist5k", "--images", "5", option, "3"]) == 1
    assert f"{option} has no effect with a deterministic code" in error(capsys)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "--data", "digits", "--out", "."], "is a folder; give the name of a file"),
        (["train", "--data", "digits", "--out", "a.safetensors", "--run", "file"], "(it is a file)"),
        (["train", "--data", "digits", "--out", "a.safetensors", "--tensorboard", "file"], "(it is a file)"),
        (["train", "--data", "digits", "--out", "file/below/a.safetensors"], "(Not a directory)"),
        (["train", "--data", "digits", "--out", f"{'x' * 245}.safetensors"], "too long"),
        (["train", "--data", "digits", "--out", "a\0.safetensors"], "a character that no path may have"),
        (["train", "--data", "digits", "--run", "x" * 300], "too long"),
        (["train", "--data", "digits", "--start", "."], ". is a folder"),
        (["evaluate", "."], ". is a folder"),
        (["evaluate", "x" * 5000], "no checkpoint"),
        (["evaluate", "a\0b"], "no checkpoint"),
        (["export", "mnist-vae-2", "--out", "."], "is a folder; give the name of a file"),
        (["export", "mnist-vae-2", "--out", "file/a"], "(it is a file)"),
        (["encode", "mnist-vae-2", "--data", "mnist5k", "--out", "."], "is a folder; give the name of a file"),
        (["encode", "mnist-vae-2", "--data", "mnist5k", "--out", "file/a.npz"], "(it is a file)"),
    ],
)
def test_paths_that_cannot_be_are_told_in_words_before_the_work(arguments, said, tmp_path, capsys, monkeypatch):
    (tmp_path / "file").touch()
    small = ["--steps", "1", *TINY] if arguments[0] == "train" and "--start" not in arguments else []
    assert main([*arguments, *small]) == 1
    text = error(capsys)
    assert said in text and "Errno" not in text
    assert not list(tmp_path.rglob("*.safetensors"))


def outcomes(commands: list[list[str]]) -> None:
    """Runs the commands and prints the exit code of each."""
    for arguments in commands:
        try:
            print(main(arguments))
        except SystemExit as done:
            print(done.code)


# The first one is that of a process of its own, the others those of streams.
@pytest.mark.parametrize("encoding", [pytest.param("ascii", marks=pytest.mark.slow), "cp437", "cp932", "cp949", "cp1252"])
def test_output_in_any_encoding(encoding, trained, tmp_path, monkeypatch):
    folder = tmp_path / "photos \u2014 \u00e4\u4e00\u0416\U0001f600"
    folder.mkdir()
    commands = [
        ["list"], ["list", "--json"], ["fetch"], ["fetch", "\u2014"], ["evaluate", "\u2014\u0416"], ["train", "--help"],
        ["evaluate", str(trained), "--samples", "2", "--images", "20"],
        ["encode", str(trained), "--out", str(folder / "a.npz")],
        ["export", str(trained), "--out", str(folder / "a.program")],
        ["train", "--data", "digits", "--steps", "2", *TINY, "--out", str(folder / "a.safetensors"), "--run", str(folder)],
    ]  # fmt: skip
    if encoding == "ascii":
        script = "import json, sys; from vae_core.cli import main\n" + inspect.getsource(outcomes)
        script += "outcomes(json.loads(sys.argv[1]))"
        environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
        with (tmp_path / "out").open("wb") as out:
            command = [sys.executable, "-c", script, json.dumps(commands)]
            assert subprocess.run(command, stdout=out, stderr=out, env=environment).returncode == 0
    else:
        with (tmp_path / "out").open("w", encoding=encoding) as out:
            monkeypatch.setattr(sys, "stdout", out)
            monkeypatch.setattr(sys, "stderr", out)
            outcomes(commands)
    written = (tmp_path / "out").read_bytes().decode(encoding)
    assert "Traceback" not in written, written
    codes = [int(line) for line in written.splitlines() if line in ("0", "1", "2")]
    assert codes == [0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    dash = "\u2014" if "\u2014".encode(encoding, "ignore") else "-"
    assert f"| {dash} | {dash} |" in written


@pytest.mark.slow
def test_a_reader_that_stops_reading_ends_the_command_quietly():
    command = f"{sys.executable} -m vae_core list | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stderr == ""


def test_train_writes_a_checkpoint_that_says_how_it_was_made(trained):
    loaded = checkpoint.load(trained)
    assert loaded.config.latent == 2 and loaded.title == "VAE, 2-D"
    assert loaded.data["name"] == "digits" and len(loaded.data["fingerprint"]) == 64
    assert loaded.training["config"]["epochs"] == 2 and len(loaded.training["curve"]) == 2
    m = loaded.metrics
    assert m["negative_elbo"] == pytest.approx(m["distortion"] + m["rate"], rel=1e-6)
    assert len(loaded.held_out.codes) == m["n"] == len(loaded.held_out.labels)
    assert float(loaded.codes.covariance.diagonal().min()) > 0


def test_train_events_are_json(tmp_path, capsys):
    arguments = ["train", "--data", "digits", "--model", "ae", "--steps", "5", *TINY, "--json", "--tensorboard", "tb"]
    assert main(arguments) == 0
    told = lines(capsys)
    assert told[0]["event"] == "started" and told[-1]["event"] == "packed"
    assert told[-1]["metrics"]["negative_elbo"] is None
    assert (tmp_path / told[-1]["path"]).is_file() and list((tmp_path / "tb").iterdir())


def test_train_on_ones_own_images(tmp_path, capsys):
    folder = tmp_path / "mine"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for k in range(40):
        Image.fromarray(generator.integers(0, 255, (20, 24, 3), dtype=np.uint8)).save(folder / f"{k}.png")
    (folder / "broken.png").write_bytes(b"not an image")
    arguments = ["train", "--data", str(folder), "--size", "16", "--steps", "3", *TINY, "--out", "mine.safetensors"]
    assert main(arguments) == 0
    assert "left out broken.png" in capsys.readouterr().err
    assert checkpoint.load(tmp_path / "mine.safetensors").config.image == (3, 16, 16)


def test_more_than_255_classes(tmp_path, capsys):
    generator = np.random.default_rng(0)
    for k in range(600):
        folder = tmp_path / "many" / f"class {k % 300}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 255, (8, 8), dtype=np.uint8)).save(folder / f"{k}.png")
    arguments = ["train", "--data", "many", "--size", "8", "--steps", "2", *TINY, "--out", "a.safetensors"]
    assert main(arguments) == 0
    loaded = checkpoint.load(tmp_path / "a.safetensors")
    assert len(loaded.data["classes"]) == 300 and loaded.held_out.labels.max() > 255


def test_what_a_checkpoint_cannot_hold_is_told_before_the_first_step(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(header, "MOST_CLASSES", 9)
    assert main(["train", "--data", "digits", "--steps", "2", *TINY]) == 1
    assert "'data.classes' that is not a list of at most 9" in error(capsys) and not list(tmp_path.iterdir())


def test_figures_of_factors_are_printed_with_their_bins(capsys):
    metrics = {"mig": 0.42, "mig_bins": 20, "mig_by_factor": {"shape": 0.125, "scale": 0.5}, "iwae_nll": 81.0, "rate": None}
    print_figures(metrics, BernoulliConfig().scale)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["Rate", "—"], ["IWAE", "bound", "of", "the", "cross-entropy", "81.00", "nats"],
        ["MIG", "0.420"], ["MIG", "bins", "20"], ["MIG", "of", "shape", "0.125"], ["MIG", "of", "scale", "0.500"],
    ]  # fmt: skip


def test_train_goes_on_from_a_checkpoint(trained, tmp_path, capsys):
    arguments = ["train", "--data", "digits", "--start", str(trained), "--steps", "5", "--batch-size", "64", "--device", "cpu"]
    assert main([*arguments, "--trained", "encoder", "--beta", "2", "--likelihood", "gaussian", "--sigma", "0.2"]) == 0
    before, after = checkpoint.load(trained), checkpoint.load(tmp_path / "tiny-tuned.safetensors")
    assert after.title == before.title and after.training["config"]["trained"] == "encoder"
    assert after.config.objective.beta == 2 and after.config.net == before.config.net
    assert (after.config.likelihood.kind, after.config.likelihood.sigma) == ("gaussian", 0.2)
    # Weights may be stored as float16.
    for part, stays in (("encoder", False), ("decoder", True)):
        pairs = zip(getattr(before.model, part).parameters(), getattr(after.model, part).parameters(), strict=True)
        assert all(torch.equal(a.half(), b.half()) == stays for a, b in pairs)

    # Its own likelihood as it is; and a folder with the state of a run that began with other weights.
    assert main([*arguments, "--out", "b.safetensors", "--run", "b"]) == 0
    assert checkpoint.load(tmp_path / "b.safetensors").config == before.config
    capsys.readouterr()
    elsewhere = [str(tmp_path / "b.safetensors") if a == str(trained) else a for a in arguments]
    assert main([*elsewhere, "--out", "c.safetensors", "--run", "b"]) == 1
    assert "another data (other images, or other weights to begin with)" in error(capsys)
    assert main([*arguments, "--out", "c.safetensors", "--run", "b", "--lr", "0.01"]) == 1
    assert "another training (lr was 0.002 and is now 0.01)" in error(capsys)


@pytest.mark.parametrize(("out", "why"), [("mine.txt", "does not end in"), ("file/b.safetensors", "it is a file")])
def test_where_no_checkpoint_can_be_written_nothing_is_trained(out, why, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert main(["train", "--data", "digits", "--steps", "1", *TINY, "--out", out, "--run", "run"]) == 1
    assert why in error(capsys) and not (tmp_path / "run").exists()


def pictures(folder, count, shape=(40, 44), seed=0):
    """Writes so many noise pictures of that shape."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    for k in range(count):
        Image.fromarray(generator.integers(0, 255, shape, dtype=np.uint8)).save(folder / f"{seed}-{k:03d}.png")


@pytest.mark.parametrize(
    ("start", "image", "shape", "said"),
    [
        ("mnist-vae-2", (1, 28, 28), (40, 44, 3), "fitted to mnist-vae-2: 28x28, grey, what is drawn, scaled and centred"),
        ("faces-vae-64", (3, 64, 64), (40, 44), "fitted to faces-vae-64: 64x64, colour, their central part"),
    ],
)  # fmt: skip
def test_own_images_are_fitted_to_a_checkpoint(start, image, shape, said, tmp_path, capsys):
    pictures(tmp_path / "mine", 20, shape)
    arguments = ["train", "--data", "mine", "--start", start, "--steps", "2", "--trained", "heads", "--device", "cpu"]
    assert main([*arguments, "--out", "mine.safetensors"]) == 0
    assert said in capsys.readouterr().err
    tuned = checkpoint.load(tmp_path / "mine.safetensors")
    assert tuned.config.image == image and tuned.data["split_by"] == "content" and tuned.data["preparation"]["frame"]
    assert main(["encode", start, "--data", "mine", "--split", "train"]) == 0
    assert said in capsys.readouterr().err
    # As they were in training, so that they are known to be the same.
    assert main(["evaluate", "mine.safetensors", "--data", "mine", "--json"]) == 0
    [told] = lines(capsys)
    assert (told["same_data"], told["held_out"], told["note"]) == (True, True, "")
    assert told["distortion"] == pytest.approx(tuned.metrics["distortion"], rel=1e-4)
    assert main([*arguments, "--size", "16"]) == 1
    assert "leave out --size" in error(capsys)


def test_own_images_are_fitted_to_a_model_that_is_not_square(tmp_path, capsys):
    pictures(tmp_path / "mine", 12, (40, 44, 3))
    config = zoo.model_config("ae", (1, 8, 12), 2, MLPConfig(hidden=(8,)))
    checkpoint.save(checkpoint.Checkpoint(build_model(config), {"name": "own-x", "title": "x"}), tmp_path / "a.safetensors")
    assert main(["evaluate", "a.safetensors", "--data", "mine"]) == 0
    assert "8x12, grey" in capsys.readouterr().err


def test_a_set_of_another_shape_is_one_sentence(capsys):
    assert main(["evaluate", "mnist-vae-2", "--data", "digits"]) == 1
    assert "has images of 1x8x8 (channels, height, width); mnist-vae-2 takes images of 1x28x28" in error(capsys)


def test_a_data_set_that_has_grown_is_not_the_one_trained_on(tmp_path, capsys):
    folder = tmp_path / "grow"
    pictures(folder, 40, (20, 20, 3))
    assert main(["train", "--data", "grow", "--size", "16", "--steps", "2", *TINY, "--out", "a.safetensors"]) == 0
    before = load_dataset(folder, size=16)
    pictures(folder, 1, (20, 20, 3), seed=1)
    capsys.readouterr()
    assert main(["evaluate", "a.safetensors", "--data", "grow"]) == 0
    out, err = capsys.readouterr()
    assert "held-out images (test split) of grow" in out
    assert "grow is not the data set that the model was trained on" in err and "with other images or another split" in err
    assert main(["encode", "a.safetensors", "--data", "grow", "--json"]) == 0
    assert lines(capsys)[0]["same_data"] is False
    after = load_dataset(folder, size=16)
    trained = {image.tobytes() for image in before.train.x.numpy()}
    assert not trained & {image.tobytes() for split in (after.validation, after.test) for image in split.x.numpy()}

    # A checkpoint of a version that dealt by chance says nothing of the split.
    old = checkpoint.load(tmp_path / "a.safetensors")
    old.data = {k: v for k, v in old.data.items() if k != "split_by"} | {"fingerprint": "f" * 64}
    checkpoint.save(old, tmp_path / "old.safetensors")
    assert main(["evaluate", "old.safetensors", "--data", "grow"]) == 0
    out, err = capsys.readouterr()
    assert "held-out images" not in out and "which of its images were trained on cannot be told" in err


def test_what_the_start_of_a_run_was_trained_on_is_not_called_held_out(tmp_path, capsys):
    for folder, train, test in (("first", 0, 1), ("second", 2, 3)):
        pictures(tmp_path / folder / "train", 20, (8, 8), seed=train)
        pictures(tmp_path / folder / "test", 5, (8, 8), seed=test)
    arguments = ["--steps", "2", "--device", "cpu", "--batch-size", "16"]
    assert main(["train", "--data", "first", *TINY, *arguments, "--size", "8", "--out", "a.safetensors"]) == 0
    # The training images of the first set become test images of it.
    (tmp_path / "first" / "test").rename(tmp_path / "first" / "other")
    (tmp_path / "first" / "train").rename(tmp_path / "first" / "test")
    (tmp_path / "first" / "other").rename(tmp_path / "first" / "train")
    pictures(tmp_path / "first" / "train", 20, (8, 8), seed=4)
    capsys.readouterr()
    assert main(["train", "--data", "second", "--start", "a.safetensors", *arguments, "--out", "b.safetensors"]) == 0
    assert "which of its images were trained on cannot be told" in capsys.readouterr().err
    assert main(["train", "--data", "digits", "--start", "b.safetensors", *arguments, "--out", "c.safetensors"]) == 0
    assert "cannot be told" not in capsys.readouterr().err
    told = checkpoint.load(tmp_path / "c.safetensors").data
    assert [record["title"] for record in told["trained_before"]] == ["first", "second"]
    assert main(["evaluate", "c.safetensors", "--data", "first"]) == 0
    out, err = capsys.readouterr()
    assert "held-out" not in out and "which the model may have been trained on, of first" in out
    assert "The model was trained on second before; which images of first were trained on then cannot be told." in err
    assert main(["evaluate", "c.safetensors"]) == 0
    out, err = capsys.readouterr()
    assert "held-out images (test split) of " in out and "cannot be told" not in err
    assert main(["evaluate", "b.safetensors", "--data", "second", "--update"]) == 0
    out, err = capsys.readouterr()
    assert "held-out" not in out and "The model was trained on first before" in err


def test_a_small_data_set_that_has_shrunk_is_not_called_held_out(tmp_path, capsys):
    folder = tmp_path / "small"
    pictures(folder, 14, (20, 20, 3))
    assert main(["train", "--data", "small", "--size", "16", "--steps", "2", *TINY, "--out", "a.safetensors"]) == 0
    trained = {image.tobytes() for image in load_dataset(folder, size=16).train.x.numpy()}
    crossed = False
    for _ in range(2):
        # The files with the lowest marks are the test images.
        for path in sorted(folder.iterdir(), key=lambda path: mark(path.read_bytes()))[:2]:
            path.unlink()
        test = {image.tobytes() for image in load_dataset(folder, size=16).test.x.numpy()}
        capsys.readouterr()
        assert main(["evaluate", "a.safetensors", "--data", "small", "--json"]) == 0
        assert not (lines(capsys)[0]["held_out"] and trained & test)
        crossed = crossed or bool(trained & test)
    assert crossed


def test_folders_that_give_the_split_are_said(tmp_path, capsys):
    for k, (folder, count) in enumerate({"train/cat": 9, "train/dog": 8, "val/cat": 3, "test/dog": 3, "test/cat": 2}.items()):
        pictures(tmp_path / "mine" / folder, count, (20, 20), seed=k)
    assert main(["train", "--data", "mine", "--size", "8", "--steps", "2", *TINY, "--out", "a.safetensors"]) == 0
    said = "(17 train, 3 validation, 5 test; split by the folders test, train, val)"
    assert said in capsys.readouterr().err
    made = checkpoint.load(tmp_path / "a.safetensors")
    assert made.data["classes"] == ["cat", "dog"] and said in made.data["about"] and len(made.held_out.codes) == 5


def test_a_grid_of_codes_goes_through_all_commands(tmp_path, monkeypatch, capsys):
    options = ["--model", "vq-vae", "--codes", "9", "--code-width", "4", "--commitment-weight", "0.5", "--net", "mlp"]
    assert main(["train", "--data", "digits", *options, "--grid", "3,2", "--hidden", "8", "--steps", "2"]) == 0
    made = checkpoint.load(tmp_path / "digits-vq-vae.safetensors")
    assert made.title == "VQ-VAE, 3x2 codes of 9" and made.config.code_size == 6
    assert made.config.posterior.code_width == 4 and made.config.objective.commitment_weight == 0.5
    assert made.metrics["rate"] == pytest.approx(6 * math.log(9)) and 1 <= made.metrics["code_perplexity"] <= 9
    capsys.readouterr()
    assert main(["evaluate", "digits-vq-vae.safetensors"]) == 0 and "Codebook perplexity" in capsys.readouterr().out
    assert main(["encode", "digits-vq-vae.safetensors", "--out", "c.npz"]) == 0
    with np.load("c.npz") as codes:
        assert codes["mean"].dtype == np.int64 and codes["mean"].shape[1:] == (3, 2) and codes["mean"].max() < 9
    assert (
        main(["export", "digits-vq-vae.safetensors"]) == 0
        and main(["export", "digits-vq-vae.safetensors", "--part", "encoder"]) == 0
    )
    assert main(["train", "--data", "digits", "--start", "digits-vq-vae.safetensors", "--steps", "1"]) == 0
    capsys.readouterr()
    monkeypatch.setenv("VAE_CHECKPOINTS", str(tmp_path))
    assert main(["list", "--json"]) == 0 and lines(capsys)[0]["latent"] == 6


@pytest.mark.parametrize(
    ("data", "name"),
    [(".", "in-ae-2"), ("..", "my.photos-ae-2"), ("./", "in-ae-2"), ("../-odd name/", "odd-name-ae-2"),
     ("../.h.zip", "h-ae-2")],
)  # fmt: skip
def test_a_checkpoint_is_called_as_its_folder_is(data, name, tmp_path, monkeypatch):
    for folder in (tmp_path / "my.photos" / "in", tmp_path / "my.photos" / "-odd name"):
        pictures(folder, 12, (20, 20))
    with zipfile.ZipFile(tmp_path / "my.photos" / ".h.zip", "w") as archive:
        for file in (tmp_path / "my.photos" / "in").iterdir():
            archive.write(file, file.name)
    here = tmp_path / "my.photos" / "in"
    monkeypatch.chdir(here)
    assert main(["train", "--data", data, "--size", "8", "--model", "ae", "--steps", "1", *TINY]) == 0
    assert [path.name for path in here.glob("*.safetensors")] == [f"{name}.safetensors"]


def test_pictures_with_damaged_metadata_are_taken_without_a_warning(tmp_path, recwarn, capsys):
    pictures(tmp_path / "mine", 12)
    jpeg = io.BytesIO()
    Image.effect_noise((40, 40), 60).save(jpeg, "JPEG")
    # The directory of tags claims five, and has none.
    exif = b"Exif\0\0II*\0\x08\0\0\0\x05\0"
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    (tmp_path / "mine" / "photo.jpg").write_bytes(jpeg.getvalue()[:2] + segment + jpeg.getvalue()[2:])
    assert main(["train", "--data", "mine", "--size", "16", "--steps", "1", *TINY, "--out", "a.safetensors"]) == 0
    err = capsys.readouterr().err
    assert "13 grey images" in err and "left out" not in err
    assert not [warning for warning in recwarn if "PIL" in warning.filename]


def test_an_undivided_test_folder_is_measured_without_labels(tmp_path, capsys):
    for seed, (folder, count) in enumerate({"train/cat": 9, "train/dog": 8, "val/cat": 3, "test": 4}.items()):
        pictures(tmp_path / "pets" / folder, count, seed=seed)
    assert main(["train", "--data", "pets", "--size", "16", "--steps", "2", *TINY, "--out", "a.safetensors"]) == 0
    packed = checkpoint.load(tmp_path / "a.safetensors")
    assert packed.data["classes"] == ["cat", "dog"] and packed.held_out.labels is None and len(packed.held_out.codes) == 4
    assert main(["encode", "a.safetensors", "--data", "pets", "--out", "codes.npz"]) == 0
    assert "labels" not in np.load(tmp_path / "codes.npz")


def test_many_text_files_are_one_line(tmp_path, capsys):
    pictures(tmp_path / "mine", 12)
    for k in range(300):
        (tmp_path / "mine" / f"{k}.txt").write_text("text")
    assert main(["evaluate", "mnist-vae-2", "--data", "mine"]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "txt" in line]
    assert told == ["left out 300 .txt files are not images (0.txt, 1.txt, 10.txt, ...)"]


@pytest.mark.slow
def test_an_interrupted_run_goes_on(tmp_path):
    command = [sys.executable, "-m", "vae_core", "train", "--data", "digits", "--steps", "400", *TINY, "--threads", "1",
               "--out", "a.safetensors", "--run", "run", "--json"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
    assert json.loads(process.stdout.readline())["event"] == "started"
    assert json.loads(process.stdout.readline())["step"] > 0
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130 and "the same command goes on from there" in said
    assert not (tmp_path / "a.safetensors").exists()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0
    first = json.loads(done.stdout.splitlines()[0])
    assert 0 < first["step"] < 400 and (tmp_path / "a.safetensors").exists()


def test_evaluate(trained, capsys):
    assert main(["evaluate", str(trained), "--iwae", "20", "--images", "50", "--json"]) == 0
    (out,) = lines(capsys)
    assert out["n"] == 50 and out["iwae_nll"] <= out["negative_elbo"]
    assert main(["evaluate", str(trained)]) == 0
    said = capsys.readouterr().out
    assert "300 held-out images (test split)" in said and "Negative ELBO" in said
    assert main(["evaluate", str(trained), "--data", "mnist5k"]) == 1
    assert "8" in error(capsys)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_evaluate_says_of_which_split(split, trained, capsys):
    images = getattr(load_dataset("digits"), split).x
    assert main(["evaluate", str(trained), "--split", split, "--samples", "1", "--json"]) == 0
    (out,) = lines(capsys)
    expected = evaluate(checkpoint.load(trained).model, images, samples=1)
    assert out["split"] == split and out["n"] == len(images)
    assert {name: out[name] for name in expected} == pytest.approx(expected)
    assert main(["evaluate", str(trained), "--split", split, "--samples", "1"]) == 0
    assert split in capsys.readouterr().out.splitlines()[0].replace("training", "train")


def test_evaluate_update_writes_the_figures_and_leaves_the_weights(trained, tmp_path, capsys):
    path = tmp_path / "copy.safetensors"
    loaded = checkpoint.load(trained)
    figures, codes = loaded.metrics, loaded.held_out.codes
    loaded.metrics = {"mse": 1.0, "iwae_nll": 5.0, "iwae_samples": 7, "distortion": 1.0}
    loaded.held_out = None
    checkpoint.save(loaded, path, half=checkpoint.is_half(trained))
    before = load_file(path)
    assert main(["evaluate", str(path), "--update", "--json"]) == 0
    (out,) = lines(capsys)
    after, again = load_file(path), checkpoint.load(path)
    for name, value in before.items():
        assert after[name].dtype == value.dtype and torch.equal(after[name], value), name
    assert again.metrics == out["metrics"]
    by_group, expected_by_group = again.metrics.pop("rate_by_group"), figures.pop("rate_by_group")
    assert by_group == pytest.approx(expected_by_group)
    assert again.metrics == pytest.approx(figures | {"iwae_nll": 5.0, "iwae_samples": 7})
    torch.testing.assert_close(again.held_out.codes, codes)
    assert (again.training, again.data, again.title) == (loaded.training, loaded.data, loaded.title)
    for option in (["--split", "validation"], ["--images", "5"], ["--samples", "2"], ["--iwae", "2"], ["--seed", "1"]):
        assert main(["evaluate", str(path), "--update", *option]) == 1
        assert f"{option[0]} has no effect with --update" in error(capsys)


def test_evaluate_update_on_other_images_changes_nothing(trained, tmp_path, capsys, monkeypatch):
    path = tmp_path / "copy.safetensors"
    loaded = checkpoint.load(trained)
    loaded.data["fingerprint"] = "0" * 64
    checkpoint.save(loaded, path)
    content = path.read_bytes()
    assert main(["evaluate", str(path), "--update"]) == 1
    assert "was trained on other images" in error(capsys) and path.read_bytes() == content


def test_encode(trained, tmp_path, capsys):
    assert main(["encode", str(trained), "--out", "codes.npz", "--json"]) == 0
    assert lines(capsys)[0]["n"] == 300
    with np.load(tmp_path / "codes.npz") as codes:
        assert codes["mean"].shape == codes["scale"].shape == (300, 2)
        assert codes["rate"].shape == codes["labels"].shape == (300,)


def test_export(trained, tmp_path, capsys):
    assert main(["export", str(trained), "--json"]) == 0
    (out,) = lines(capsys)
    assert (tmp_path / "tiny-decoder.program").stat().st_size == out["bytes"] and out["multiply_adds"] > 0
    assert main(["export", str(trained), "--part", "encoder", "--weights", "float16"]) == 0


def test_export_to_onnx(trained, tmp_path, capsys):
    assert main(["export", str(trained), "--onnx", "a.onnx", "--json"]) == 0
    (out,) = lines(capsys)
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx")
    assert [found.name for found in session.get_inputs() + session.get_outputs()] == ["z", "mean"]
    assert out == {"out": "a.onnx", "bytes": (tmp_path / "a.onnx").stat().st_size}


@pytest.mark.parametrize("more", [["--out", "b"], ["--weights", "float16"]])
def test_options_without_effect_on_onnx_are_refused(more, trained, tmp_path, capsys):
    assert main(["export", str(trained), "--onnx", "a.onnx", *more]) == 1
    assert f"{more[0]} has no effect with --onnx" in error(capsys) and not (tmp_path / "a.onnx").exists()


def test_export_to_onnx_says_what_to_install(trained, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert main(["export", str(trained), "--onnx", "a.onnx"]) == 1
    assert error(capsys).strip() == "error: Export to ONNX needs onnxscript: pip install onnxscript."
    assert not (tmp_path / "a.onnx").exists()


def test_list(trained, monkeypatch, capsys):
    monkeypatch.setenv("VAE_CHECKPOINTS", str(trained.parent))
    assert main(["list"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[2].startswith("| tiny | ") and len({row.count("|") for row in table}) == 1
    assert main(["list", "--json"]) == 0
    (row,) = lines(capsys)
    assert row["name"] == "tiny" and row["latent"] == 2 and "minutes" not in row
    assert row["images"] == 128 * row["steps"] == 128 * checkpoint.load(trained).training["steps"]
    (trained.parent / "broken.safetensors").write_bytes(b"x")
    try:
        assert main(["list"]) == 1
        assert "broken.safetensors" in capsys.readouterr().err
    finally:
        (trained.parent / "broken.safetensors").unlink()


def test_fetch_lists_the_sets(capsys):
    assert main(["fetch", "--json"]) == 0
    rows = {row["name"]: row for row in lines(capsys)}
    assert rows["digits"]["state"] == rows["mnist5k"]["state"] == rows["shapes"]["state"] == "ready"


def test_every_recipe_can_be_built():
    for name, recipe in recipes.RECIPES.items():
        assert recipe.name == name and recipe.model.latent >= 2
        assert type(recipe.model).from_json(recipe.model.to_json()) == recipe.model


def test_a_conditional_model_finds_its_classes_by_the_names_of_folders(tmp_path, capsys):
    train = ["train", "--data", "digits", "--model", "cvae", "--steps", "2", *TINY]
    assert main([*train, "--out", "c.safetensors", "--run", "r"]) == 0
    for name in "31":
        pictures(tmp_path / "named" / name, 12, seed=int(name))
        pictures(tmp_path / "other" / f"x{name}", 12, seed=int(name))
    pictures(tmp_path / "flat", 12)
    capsys.readouterr()
    assert main(["encode", "c.safetensors", "--data", "named", "--split", "train", "--json"]) == 0
    assert set(np.load("codes.npz")["labels"].tolist()) == {1, 3}
    assert main(["evaluate", "c.safetensors", "--data", "named", "--samples", "1", "--iwae", "2", "--json"]) == 0
    assert lines(capsys)[-1]["iwae_nll"] > 0
    for data, said in [("flat", "put each image into a folder"), ("other", "the class 'x1', which this model does not know")]:
        assert main(["evaluate", "c.safetensors", "--data", data]) == 1
        assert said in capsys.readouterr().err


def test_a_conditional_model_needs_images_with_classes(tmp_path, capsys):
    pictures(tmp_path / "flat", 20)
    assert main(["train", "--data", "flat", "--model", "cvae", "--steps", "2", *TINY]) == 1
    assert "A CVAE is given the class of each image; it needs images with classes." in capsys.readouterr().err


def test_texts_are_trained_on_measured_encoded_and_exported(capsys):
    train = ["train", "--data", "made_up_names", "--model", "gru-vae", "--units", "8", "--embedding", "4", "--device", "cpu"]
    assert main([*train, "--steps", "3", "--out", "t.safetensors", "--run", "r", "--json"]) == 0
    assert "token_accuracy" in lines(capsys)[-1]["metrics"]
    assert main(["evaluate", "t.safetensors", "--images", "20", "--samples", "1", "--iwae", "2"]) == 0
    out = capsys.readouterr().out
    assert "20 held-out images (test split) of Made-up names (Categorical, tokens)" in out and "Exact match" in out
    assert main(["encode", "t.safetensors", "--json"]) == 0 and np.load("codes.npz")["mean"].shape == (2000, 2)
    assert main(["export", "t.safetensors", "--json"]) == 0 and lines(capsys)[-1]["multiply_adds"] > 0


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["train", "--data", "digits", "--model", "gru-vae"], "A net of kind 'gru' is for fields of kind 'tokens'"),
        (["train", "--data", "made_up_names", "--net", "mlp"], "A net of kind 'mlp' is for fields of kind 'image'"),
        (["train", "--data", "made_up_names", "--model", "vq-vae"], "A VQ-VAE is a model of images"),
        (["train", "--data", "made_up_names", "--likelihood", "bernoulli"], "A likelihood of kind 'bernoulli' is for"),
        (["train", "--data", "made_up_names", "--size", "28"], "--size is for images of your own"),
        (["evaluate", "names-gru-vae-2", "--data", "digits"], "takes texts of 16 tokens"),
        (["evaluate", "names-gru-vae-2", "--data", "."], "a folder or a .zip is for models of images"),
    ],
)
def test_what_does_not_go_with_texts_is_one_sentence(command, reason, capsys):
    assert main(command) == 1
    assert reason in error(capsys)

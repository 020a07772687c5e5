"""Fine-tuning as real processes: on real digits and on own images, to the end, stopped, killed and gone on."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from polling import wait_for_event, wait_until

from explorer.services import fine_tuning, models, runs, uploads
from explorer.services.jobs import JobError
from explorer.services.tasks.fine_tune import DRAWS
from vae_core import checkpoint, load_dataset
from vae_core.config import GaussianConfig, LearnedGaussianConfig, TrainConfig, image_observation
from vae_core.data.preparation import Preparation
from vae_core.metrics import evaluate
from vae_core.models.altered import altered
from vae_core.training import fit
from vae_core.training.kept_weights import kept_weights

STEPS = 30
LONG = 1_000
"""Steps that take far longer than it takes to see that the first are saved, and to kill the run."""


def request(data: str | None = "digits", amount: int = STEPS, **changes) -> fine_tuning.RunRequest:
    given = {"unit": "steps", "lr": 1e-3, "batch_size": 32, "seed": 0, "beta": 1.0} | changes
    return fine_tuning.RunRequest("m", data, amount=amount, **given)


def start(asked: fine_tuning.RunRequest, files=()) -> runs.FineTuningRun:
    return fine_tuning.start(asked, models.registry().card("m"), files)


def again(run: runs.FineTuningRun) -> runs.FineTuningRun:
    return runs.find(run.job.name)


@pytest.mark.slow
def test_a_run_changes_the_model_and_is_kept(put, until):
    put("m")
    first = start(request(beta=4.0))
    until(first.job, "done")
    run = again(first)
    assert (run.state, run.step, run.steps) == ("done", STEPS, STEPS)
    assert runs.labels()[run.job.name].startswith("vae 2 on Digits 8x8, ")
    assert run.validation and run.validation[-1].step == STEPS
    assert run.snapshots[0] == 0 and run.snapshots[-1] == STEPS

    test = load_dataset("digits").test.x
    before, after = models.load("m"), runs.result(run)
    assert after.config.objective.beta == 4.0 and after.training["steps"] == STEPS
    assert run.before["mse"] == pytest.approx(evaluate(before.model, test)["mse"], rel=1e-6)
    assert after.metrics["negative_elbo"] < run.before["negative_elbo"]
    shown = runs.snapshot(run, 0)
    np.testing.assert_array_equal(shown["x"], test[:8])
    np.testing.assert_allclose(shown["rebuilt"], 255 * before.model.reconstruct(test[:8]).numpy(), atol=0.51)
    assert shown["drawn"].shape == (144, 1, 8, 8)

    name = fine_tuning.free_name(run)
    assert fine_tuning.keep(run, name) == "vae 2 tuned" and fine_tuning.free_name(run) == "vae 2 tuned 2"
    torch.testing.assert_close(models.load(name).model.state_dict(), after.model.state_dict(), rtol=0, atol=0)
    fine_tuning.discard(run)
    assert again(run) is None and runs.labels() == {}
    assert models.registry().card(name).own


def png(x: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(x).save(out, "PNG")
    return out.getvalue()


@pytest.mark.slow
def test_own_images_are_prepared_for_the_model_and_bad_ones_named(put, until):
    put("m")
    rng = np.random.default_rng(0)
    files = [(f"{i}.png", png(rng.integers(0, 256, (20, 30, 3), np.uint8))) for i in range(12)]
    run = start(request(None, 3, batch_size=4), [*files, ("bad.png", b"\x89PNG\r\n\x1a\n"), ("3 again.png", files[3][1])])
    until(run.job, "done")
    run = again(run)
    assert run.refused == 2 and run.data == "own images"
    assert [line.partition(": it ")[0] for line in run.refused_lines] == ["bad.png", "3 again.png"]
    assert run.refused_lines[1].endswith("the same picture as 3.png")
    assert "12 grey images of your own at 8x8" in run.about and "that is MNIST" in run.note
    found = runs.result(run)
    assert found.data["title"] == "own images" and len(found.held_out.codes) >= 2
    assert found.data["trained_before"] == [{k: models.load("m").data[k] for k in ("name", "title", "fingerprint")}]
    assert uploads.default_preparation(models.registry().card("m")) == Preparation.from_json(found.data["preparation"])
    # The files themselves are kept no longer than they are needed, and two sets of own images are not taken for one.
    assert not (run.job.folder / "own").exists() and run.job.name in found.data["name"]


@pytest.mark.slow
def test_refused_files_beyond_100_are_counted_and_folded(put, until):
    put("m")
    rng = np.random.default_rng(0)
    pictures = [png(rng.integers(0, 256, (20, 20), np.uint8)) for _ in range(12)]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i in range(240):
            archive.writestr(f"photo_{i:03d}.png", pictures[i % 12])
        for i in range(150):
            archive.writestr(f"labels/{i}.txt", "text")
    run = start(request(None, 3, batch_size=4), [("album.zip", out.getvalue())])
    until(run.job, "done")
    run = again(run)
    assert run.refused == 378
    assert run.refused_lines == [
        "228 files are copies of others (photo_012.png, photo_013.png, photo_014.png, ...)",
        "150 .txt files are not images (labels/0.txt, labels/1.txt, labels/10.txt, ...)",
    ]
    assert "378 files were not used" in run.about


def test_too_few_images_are_told_before_a_run_begins(put):
    put("m")
    with pytest.raises(JobError, match="3 images, and a run needs at least 10"):
        start(request(None), [(f"{i}.png", b"") for i in range(3)])
    with pytest.raises(JobError, match="Use either one"):
        start(request(None), [("a.zip", b""), ("b.png", b"")])
    assert runs.labels() == {}


def test_a_plain_autoencoder_has_no_beta(put, until):
    put("m", "ae")
    run = start(request(amount=3, beta=None))
    until(run.job, "done")
    run = again(run)
    assert all(point.values.get("rate") is None for point in run.training + run.validation)
    assert runs.result(run).metrics["rate"] is None


@pytest.mark.parametrize(
    ("kind", "trained", "takes"),
    [("vae", "all", True), ("vae", "encoder", True), ("vae", "heads", True), ("vae", "decoder", False), ("ae", "all", False)],
)
def test_beta_is_offered_where_it_has_an_effect(put, kind, trained, takes):
    put("m", kind)
    assert fine_tuning.takes_beta(models.registry().card("m"), trained) == takes


@pytest.mark.slow
def test_what_trains_and_how_is_carried_to_the_run(put, until):
    put("m")
    likelihood = LearnedGaussianConfig(sigma=0.3)
    given = {"likelihood": likelihood, "trained": "decoder", "patience": 3, "ema": 0.99}
    run = start(request(beta=2.0, **given))
    until(run.job, "done")
    run = again(run)
    before, after = models.load("m"), runs.result(run)
    settings = after.training["config"]
    assert (settings["trained"], settings["patience"], settings["ema"]) == ("decoder", 3, 0.99)
    assert after.config == before.config.replace(likelihood=likelihood, objective=before.config.objective.replace(beta=2.0))
    for name, value in before.model.encoder.state_dict().items():
        assert torch.equal(value.half(), after.model.encoder.state_dict()[name].half()), name
    # Nats of two likelihoods say nothing of each other: both sides are measured under the new one.
    test = load_dataset("digits").test.x
    expected = evaluate(altered(before.model, likelihood=likelihood), test, samples=DRAWS)
    assert run.before["distortion"] == pytest.approx(expected["distortion"], rel=1e-6)
    assert after.metrics["distortion"] < run.before["distortion"]

    name = fine_tuning.keep(run, "tuned")
    card = models.registry().card(name)
    (_, _), (_, how) = models.facts(card)
    told = dict(how)
    # Test images of the digits may be among those that the start was trained on.
    assert told["Trained before on"] == "MNIST" and "held-out" not in card.summary
    assert "not trained on" in models.explain(models.registry().card("m")) and "not trained on" not in models.explain(card)
    assert told["Trained part"] == "decoder" and told["Average of the weights"] == "0.99 per step"
    assert told["Early stop"] == "after 3 validations without progress"


@pytest.mark.slow
def test_a_run_that_only_makes_the_model_worse_leaves_it_as_it_was(put, folder, until):
    put("m")
    trained, digits = checkpoint.load(folder / "m.safetensors"), load_dataset("digits")
    fit(trained.model, digits, TrainConfig(epochs=80, batch_size=32))
    checkpoint.save(trained, folder / "m.safetensors")
    run = start(request(amount=25, lr=1.0))
    until(run.job, "done")
    run = again(run)
    before, after = models.load("m"), runs.result(run)
    assert after.training["kept_step"] == 0 and run.validation[0].step == 0
    losses = [point.values["loss"] for point in run.validation]
    assert losses[0] < min(losses[1:])
    for name, value in before.model.encoder.state_dict().items():
        assert torch.equal(value.half(), after.model.encoder.state_dict()[name].half()), name
    assert "as they were" in kept_weights(after.training)


def test_the_usual_learning_rate_is_small_for_the_models_own_images_and_loss(put):
    put("m")
    card = models.registry().card("m")
    likelihood = card.config.likelihood
    assert fine_tuning.learning_rate(card, card.source, 1.0, likelihood) == fine_tuning.SAME_TASK_RATE
    assert fine_tuning.learning_rate(card, card.source, None, likelihood) == fine_tuning.SAME_TASK_RATE
    others = [(None, 1.0, likelihood), ("mnist5k", 1.0, likelihood), (card.source, 4.0, likelihood)]
    others.append((card.source, 1.0, GaussianConfig(sigma=0.3)))
    assert {fine_tuning.learning_rate(card, *given) for given in others} == {fine_tuning.NEW_TASK_RATE}
    assert {fine_tuning.SAME_TASK_RATE, fine_tuning.NEW_TASK_RATE} <= set(fine_tuning.LEARNING_RATES)


def test_a_run_asked_for_by_an_older_version_is_read_and_done(put, until, monkeypatch):
    put("m")
    submit, new = fine_tuning.jobs.submit, ("trained", "patience", "ema")

    def older(kind, arguments, **given):
        del arguments["likelihood"]
        arguments["training"] = {k: v for k, v in arguments["training"].items() if k not in new}
        return submit(kind, arguments, **given)

    monkeypatch.setattr(fine_tuning.jobs, "submit", older)
    run = start(request(amount=3))
    until(run.job, "done")
    assert runs.result(again(run)).config == models.load("m").config


def test_likelihoods_fit_the_images_and_begin_with_the_models_own(put):
    put("grey", metrics={"mse": 0.0327})
    put("learned", likelihood="gaussian-learned")
    grey, learned = (fine_tuning.likelihoods(models.registry().card(name)) for name in ("grey", "learned"))
    assert list(grey.values()) == [
        "Bernoulli, grey pixels", "Bernoulli, binary pixels", "Gaussian, sigma 0.18", "Gaussian, learned sigma",
    ]  # fmt: skip
    assert [found.sigma for found in list(grey)[2:]] == [0.18, 0.18]
    assert next(iter(learned.values())) == "Gaussian, learned sigma" and len(learned) == 4
    card = models.registry().card("learned")
    colour = replace(card, config=card.config.replace(observation=image_observation((3, 8, 8))))
    assert [found.kind for found in fine_tuning.likelihoods(colour)] == ["gaussian-learned", "gaussian"]


def test_a_set_of_other_images_is_refused_in_a_sentence(put, until):
    put("m")
    run = start(request("mnist5k"))
    until(run.job, "failed")
    assert "images of another size" in again(run).message and runs.result(again(run)) is None


def training(run: runs.FineTuningRun) -> None:
    """Waits until it has begun to train."""
    wait_until(lambda: again(run).training or not again(run).under_way, 60, run.job.log)
    assert again(run).training, run.job.log()


@pytest.mark.slow
def test_a_run_that_is_stopped_keeps_what_it_has_learnt(put, until):
    put("m")
    # Too few to be compiled first.
    run = start(request(amount=40_000))
    training(run)
    assert runs.under_way() == [run.job.name] and again(run).seconds_left > 0
    run.job.stop()
    assert again(run).stopping or not again(run).under_way
    until(run.job, "stopped")
    found = runs.result(again(run))
    assert 0 < found.training["steps"] < 40_000 and found.training["reason"] == "stopped"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
def test_a_run_that_was_killed_goes_on_and_comes_to_the_same(put, until, cold_workers, monkeypatch):
    monkeypatch.setattr(fine_tuning, "SAVE_EVERY", 0.2)
    put("m")
    whole, broken = (start(request(amount=LONG)) for _ in range(2))
    wait_for_event(broken.job, "saved")
    found = subprocess.run(["pgrep", "-f", str(broken.job.folder)], capture_output=True, text=True, check=True)
    os.kill(int(found.stdout.split()[0]), signal.SIGKILL)
    until(broken.job, "dead")
    fine_tuning.resume(again(broken))
    for run in (whole, broken):
        until(run.job, "done")
    events = [event for event in broken.job.events()[0] if event["event"] == "started"]
    assert len(events) == 2 and events[1]["step"] > 0
    run = again(broken)
    steps = [point.step for point in run.training]
    assert steps == sorted(set(steps)) and run.step == LONG
    results = [checkpoint.load(job.folder / "result.safetensors").model.state_dict() for job in (whole.job, broken.job)]
    for name, value in results[0].items():
        assert torch.equal(value, results[1][name]), name


def folders(names: str) -> bytes:
    """A .zip with a folder of twelve images for each name."""
    out, rng = io.BytesIO(), np.random.default_rng(0)
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            for i in range(12):
                archive.writestr(f"{name}/{i}.png", png(rng.integers(0, 256, (8, 8), np.uint8)))
    return out.getvalue()


def test_a_conditional_model_trains_on_its_own_classes(put, until):
    put("m", "cvae")
    run = start(request(None, 4, batch_size=4), [("album.zip", folders("bca"))])
    until(run.job, "done")
    result = runs.result(again(run))
    assert result.classes == ("a", "b", "c") and result.held_out.labels is not None
    assert runs.snapshot(again(run), 4)["drawn"].shape == (144, 1, 8, 8)


def test_a_conditional_model_does_not_train_without_its_classes(put, until):
    put("m", "cvae")
    with pytest.raises(JobError, match=r"a folder for each class, called as the class \(a, b, c\)\."):
        start(request(None), [(f"{i}.png", png(np.zeros((8, 8), np.uint8))) for i in range(12)])
    for asked, files, said in [
        (request(None), [("album.zip", folders("x"))], "have none; put each image into a folder"),
        (request("digits"), [], "10 classes, and this model was trained with 3"),
    ]:
        run = start(asked, files)
        until(run.job, "failed")
        assert said in again(run).message

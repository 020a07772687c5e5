"""What a watched run tells of itself: less and less a minute, and in the end where it came to."""

from __future__ import annotations

import dataclasses
import importlib
from types import SimpleNamespace

import numpy as np
import pytest

from explorer.services.tasks.fine_tune import MIN_GAP_SHARE, START, ThrottledEvents
from vae_core import TrainConfig, checkpoint, load_dataset
from vae_core.checkpoint import CheckpointError, registry
from vae_core.data.names import FIELD
from vae_core.training.events import Event, Finished, Progress, Validated


def validated(step: int) -> Validated:
    return Validated(step, 100.0, {"distortion": 90.0, "rate": 10.0}, False)


def progress(step: int) -> Progress:
    terms, weights = {"distortion": 90.0, "rate": 10.0}, {"distortion": 1.0, "rate": 1.0}
    return Progress(step, 4000, 100.0, terms, weights, 1e-3, 1000.0, 1.0, 0)


def told_of(events: list[tuple[float, Event]]) -> list[tuple[str, int]]:
    times = iter([0.0, *(at for at, _ in events)])
    emitted: list[tuple[str, int]] = []
    throttled = ThrottledEvents(lambda event: emitted.append((event["event"], event["step"])), lambda: next(times))
    for _, event in events:
        throttled(event)
    return emitted


def test_an_event_soon_after_one_of_its_kind_is_left_out():
    soon = 1000 * MIN_GAP_SHARE / 2
    assert told_of([(1000, validated(1)), (1000 + soon, validated(2)), (1000 + soon, progress(2)), (1010, validated(3))]) == [
        ("validated", 1), ("progress", 2), ("validated", 3),
    ]  # fmt: skip


def test_the_last_of_each_kind_is_told_before_the_end():
    events = [
        (1000, validated(3996)), (1000, progress(3996)), (1000.1, progress(3998)), (1000.1, validated(4000)),
        (1000.2, Finished(4000, "done", 1000.2)),
    ]  # fmt: skip
    assert told_of(events)[2:] == [("progress", 3998), ("validated", 4000), ("finished", 4000)]


def test_what_was_told_is_not_told_again():
    events = [(1000, validated(1)), (1000.1, validated(2)), (1010, validated(3)), (1010.1, Finished(3, "done", 1010.0))]
    assert told_of(events) == [("validated", 1), ("validated", 3), ("finished", 3)]


def test_data_that_no_checkpoint_can_hold_are_refused_before_the_first_step(put, folder, monkeypatch):
    # The package has a function of the module's name.
    task = importlib.import_module("explorer.services.tasks.fine_tune")
    put("m")
    (folder / "m.safetensors").rename(folder / START)
    data = dataclasses.replace(load_dataset("digits"), classes=("a",) * 40_000)
    monkeypatch.setattr(task, "_data", lambda context, start: data)
    emitted = []
    context = SimpleNamespace(arguments={"beta": None}, folder=folder, emit=emitted.append, should_stop=lambda: False)
    with pytest.raises(CheckpointError, match="at most 32,768"):
        task.fine_tune(context)
    assert not emitted


def test_snapshots_of_codes_of_a_codebook_are_decoded_from_those_of_held_out_images(put):
    task = importlib.import_module("explorer.services.tasks.fine_tune")
    put("m", "vq-vae", codes=50)
    start = registry.load("m")
    codes = task._codes(start)
    assert codes.shape == (task.GRID_SIDE**2, *start.config.structure.code_shape)
    assert all(bool((code == start.held_out.codes[i % 50]).all()) for i, code in enumerate(codes))
    put("m", "vq-vae", held_out=False)
    assert registry.load("m").model.decode(task._codes(registry.load("m"))).shape == (task.GRID_SIDE**2, 1, 8, 8)


def test_a_run_of_a_model_of_texts_stores_strings(put, folder):
    task = importlib.import_module("explorer.services.tasks.fine_tune")
    put("m", "gru-vae", data="made_up_names", field=FIELD)
    (folder / "m.safetensors").rename(folder / START)
    training = TrainConfig(steps=2, batch_size=16, engine="eager", threads=1)
    arguments = {"beta": None, "data": "made_up_names", "training": training.to_json()}
    emitted = []
    context = SimpleNamespace(arguments=arguments, folder=folder, emit=emitted.append, should_stop=lambda: False)
    task.fine_tune(context)
    result = checkpoint.load(folder / task.RESULT)
    assert result.data["name"] == "made_up_names" and "token_accuracy" in result.metrics
    files = sorted((folder / task.SNAPSHOTS).glob("*.npz"))
    snapshot = np.load(files[-1])
    side = int(len(snapshot["drawn"]) ** 0.5)
    assert snapshot["x"][0] == FIELD.texts(load_dataset("made_up_names").test.x[:1].tolist())[0]
    assert snapshot["drawn"].dtype.kind == "U" and side**2 == len(snapshot["drawn"])
    assert next(event for event in emitted if event["event"] == "before")["metrics"]["token_accuracy"] >= 0

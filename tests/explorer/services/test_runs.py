"""Runs as their folders have them."""

from __future__ import annotations

import json

from explorer.services import runs


def put(home, told: list[dict]) -> None:
    folder = home / "jobs" / "fine-tune-x"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "request.json").write_text('{"kind": "fine-tune", "arguments": {"model": "m"}, "submitted": 1}')
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in told))


def test_a_run_that_compiles_first_says_so(home) -> None:
    told = [{"event": "begin"}, {"event": "phase", "name": "Training", "share": 0.0}, {"event": "compiling", "step": 0}]
    put(home, told)
    assert runs.find("fine-tune-x").phase == runs.COMPILING
    put(home, [*told, {"event": "started", "step": 0, "steps": 20}])
    assert runs.find("fine-tune-x").phase == "Training"


def test_what_a_killed_worker_did_and_its_successor_did_again_is_not_shown_twice(home) -> None:
    folder = home / "jobs" / "fine-tune-x"
    (folder / "views").mkdir(parents=True)
    for step in (0, 5, 9):
        (folder / "views" / f"{step:09d}.npz").touch()
    point = {"loss": 1.0, "distortion": 1.0, "rate": None, "seconds_left": 1, "images_per_second": 1, "steps": 20}
    told = [{"event": "begin"}, {"event": "refused", "name": "a", "reason": "b"}, {"event": "started", "step": 0, "steps": 20}]
    told += [{"event": "progress", "step": step} | point for step in (3, 5, 9)]
    told += [{"event": "view", "step": step} for step in (0, 5, 9)]
    told += [{"event": "begin"}, {"event": "started", "step": 6, "steps": 20}, {"event": "progress", "step": 8} | point]
    put(home, told)
    run = runs.find("fine-tune-x")
    assert [p.step for p in run.training] == [3, 5, 8] and run.snapshots == [0, 5] and run.refused == 0


def test_terms_of_a_run_are_read_in_every_version(home) -> None:
    speed = {"seconds_left": 1, "images_per_second": 1, "steps": 20}
    now = {"event": "progress", "step": 5, "loss": 3.0, "terms": {"distortion": 2.0, "rate": 1.0}} | speed
    before = {"event": "progress", "step": 6, "loss": 3.5, "distortion": 2.5, "rate": 1.0} | speed
    put(home, [{"event": "begin"}, {"event": "started", "step": 0, "steps": 20}, now, before])
    points = runs.find("fine-tune-x").training
    assert [list(point.values.items()) for point in points] == [
        [("loss", 3.0), ("distortion", 2.0), ("rate", 1.0)],
        [("loss", 3.5), ("distortion", 2.5), ("rate", 1.0)],
    ]


def test_refused_files_are_counted_in_runs_of_every_version(home) -> None:
    put(home, [{"event": "begin"}, *({"event": "refused", "name": name, "reason": "it is empty"} for name in "ab")])
    run = runs.find("fine-tune-x")
    assert (run.refused, run.refused_lines) == (2, ["a: it is empty", "b: it is empty"])
    put(home, [{"event": "begin"}, {"event": "refused", "count": 3000, "lines": ["3,000 .txt files are not images"]}])
    run = runs.find("fine-tune-x")
    assert (run.refused, run.refused_lines) == (3000, ["3,000 .txt files are not images"])


def test_the_curves_of_a_checkpoint_have_every_term() -> None:
    point = {"step": 5, "lr": 0.1, "mmd_weight": 30.0, "train_loss": 3.0, "train_mmd": None, "validation_mmd": 0.003}
    training, validation = runs.stored_curves({"curve": [point]})
    assert training == [runs.LossPoint(5, {"loss": 3.0, "mmd": None})] and validation == [runs.LossPoint(5, {"mmd": 0.003})]
    assert runs.stored_curves({}) == ([], [])

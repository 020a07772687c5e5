"""A person is told which weights of a run were kept and, where none were better, why."""

from __future__ import annotations

import pytest

from vae_core.training.kept_weights import kept_weights


def curve(validation: list[float], train: list[float]) -> list[dict[str, float | None]]:
    losses = [None, *train]
    return [
        {"step": 20 * i, "validation_loss": loss, "train_loss": losses[i]} for i, loss in enumerate(validation)
    ]  # fmt: skip


@pytest.mark.parametrize(("validation", "train", "said"), [
    ([300.0, 310.0, 400.0], [290.0, 150.0], "add images"),
    ([300.0, 500.0, 900.0], [350.0, 800.0], "smaller learning rate, or a longer run"),
    ([300.0, 300.5, 300.2], [299.0, 301.0], "know such images already"),
])  # fmt: skip
def test_a_run_without_gain_says_why(validation, train, said):
    found = kept_weights({"steps": 40, "kept_step": 0, "curve": curve(validation, train)})
    assert "as they were" in found and said in found
    assert f"{validation[0]:.2f} nats at the start and {min(validation[1:]):.2f} at best" in found


def test_the_step_of_the_kept_weights_is_told_unless_it_is_the_last():
    points = curve([300.0, 200.0, 250.0], [290.0, 150.0])
    assert "step 1,020" in kept_weights({"steps": 2040, "kept_step": 1020, "curve": points})
    assert kept_weights({"steps": 40, "kept_step": 40, "curve": points}) == ""


def test_a_checkpoint_of_an_older_version_says_nothing_of_it():
    assert kept_weights({"steps": 40, "curve": curve([300.0, 400.0], [100.0])}) == ""
    assert kept_weights({}) == ""

"""Sentences that say which weights of a finished run were kept, and why."""

from __future__ import annotations

from typing import Any

from vae_core.metrics.table import shown

CLEAR_SHARE = 0.02
"""Share of the loss at the start by which the loss of the training images has to change before it is named as a reason."""


def kept_weights(training: dict[str, Any]) -> str:
    """Returns a sentence or two on the weights of a run that were kept; empty where the last weights are the best.

    Where no step improved the model, the sentences say why and what to try. `training` is the summary in a checkpoint's header.
    """
    steps, kept = training.get("steps", 0), training.get("kept_step")
    # A loss that was not finite is null in a header.
    curve = training.get("curve", [])
    validation, trained = _known(curve, "validation_loss"), _known(curve, "train_loss")
    if not steps or kept is None or kept == steps or len(validation) < 2:
        return ""
    if kept > 0:
        return f"The weights of step {kept:,} were kept, where the validation loss was lowest."
    return f"Nothing got better, so the weights are as they were: {_reason(validation, trained)}"


def _known(curve: list[dict[str, float | None]], column: str) -> list[float]:
    return [value for point in curve if (value := point.get(column)) is not None]


def _reason(validation: list[float], losses: list[float]) -> str:
    start, best = validation[0], min(validation[1:])
    start_shown, best_shown = (shown("loss", {"loss": value}) for value in (start, best))
    told = f"the validation loss was {start_shown} nats at the start and {best_shown} at best after that. "
    clear = CLEAR_SHARE * abs(start)
    if losses and losses[-1] > max(losses[0], start) + clear:
        return told + "The loss of the training images rose as well: try a smaller learning rate, or a longer run."
    if losses and losses[-1] < min(losses[0], start) - clear:
        return told + (
            "The loss of the training images fell, so the model learned these images and not what they have in common with "
            "others: add images, or train for fewer steps."
        )
    return told + (
        "The loss of the training images hardly changed: the run may be too short, or the model may know such images already. "
        "Try a longer run or another learning rate."
    )

"""The outcome of a fine-tuning run that has ended: its metrics, and buttons to keep, download, resume or discard it."""

import streamlit as st

from explorer.components.metric_table import MetricRow, metric_table
from explorer.services import comparisons, fine_tuning, runs, view
from explorer.services.jobs import JobError
from explorer.services.runs import FineTuningRun
from explorer.services.text import counted, escaped
from explorer.services.user_models import UserModelError

MIN_COMPARED = 100
"""Smallest number of test images for which the better value is marked."""


def run_outcome(run: FineTuningRun) -> None:
    """Draws the metrics before and after the run, and the buttons."""
    after = runs.result(run)
    if run.state == "failed":
        st.error(escaped(f"The run failed: {run.message}"))
    if run.state == "dead":
        st.warning("The run broke off, as when a computer is shut down. It can continue from its last saved state.")
    if after is None:
        _without_result(run)
        return
    _metrics(run, after)
    _buttons(run)


def _without_result(run: FineTuningRun) -> None:
    if run.state == "stopped":
        st.info("The run was stopped before the training began.")
    left, right, _ = st.columns([1, 1, 3])
    if run.state in ("dead", "failed") and left.button("Resume", key="tune-resume", width="stretch"):
        _act(fine_tuning.resume, run)
    if right.button("Discard", key="tune-discard", width="stretch"):
        _act(fine_tuning.discard, run)


def _metrics(run: FineTuningRun, after: runs.Checkpoint) -> None:
    """Draws the metrics before and after the run."""
    metrics = comparisons.metrics_shown(bool(after.config.observation.images))
    before_and_after = run.before, after.metrics
    images = after.metrics.get("n")
    # Too few images cannot show which model is better.
    enough = isinstance(images, int) and images >= MIN_COMPARED
    marks = [comparisons.best_marks(before_and_after, metric) if enough else [False, False] for metric in metrics]
    metric_table(
        metrics,
        [
            MetricRow(
                name, "", "",
                [comparisons.formatted(before_and_after[i], metric) for metric in metrics],
                [mark[i] for mark in marks],
            )
            for i, name in enumerate((f"{run.model}, before", "After"))
        ],
    )  # fmt: skip
    count = f"{images:,} " if isinstance(images, int) else ""
    note = " It was stopped by hand." if run.state == "stopped" else ""
    if after.training.get("reason") == "early stop":
        note = " It stopped early because the validation loss no longer improved. These are its best weights."
    if run.request.get("likelihood"):
        note += " Both rows are under the new likelihood."
    steps = after.training.get("steps", 0)
    if message := runs.kept_weights(after.training):
        (st.info if after.training["kept_step"] == 0 else st.caption)(escaped(message))
    st.caption(escaped(f"Measured on {count}test images ({run.data}), after {counted(steps, 'step')}.{note}"))


def _buttons(run: FineTuningRun) -> None:
    """Draws the buttons that keep, download or discard the result."""
    name, left, middle, right = st.columns([3, 1, 1, 1], vertical_alignment="bottom")
    wanted = name.text_input("Keep as", fine_tuning.free_name(run), max_chars=60, key=f"tune-name-{run.job.name}")
    if left.button("Keep", type="primary", key="tune-keep", width="stretch"):
        _act(fine_tuning.keep, run, wanted, message="The model is now in the sidebar, as {}.")
    middle.download_button(
        "Download",
        fine_tuning.checkpoint_bytes(run),
        f"{run.job.name}.safetensors",
        key="tune-download",
        on_click="ignore",
        width="stretch",
    )
    if right.button("Discard", key="tune-discard", width="stretch"):
        _act(fine_tuning.discard, run)


def _act(action, run: FineTuningRun, *arguments: str, message: str = "") -> None:
    """Performs an action on the run, and shows the reason where it fails."""
    try:
        result = action(run, *arguments)
    except (JobError, UserModelError, OSError) as error:
        st.error(escaped(str(error)))
        return
    if message:
        st.session_state["tune-message"] = message.format(escaped(result))
        # The new model is selected beside the models that are selected already, as far as there is room.
        st.session_state["sidebar-choose"] = (*st.session_state.view.models[: view.MAX_MODELS - 1], result)
    view.show_run(run.job.name if runs.find(run.job.name) else "")
    st.rerun()

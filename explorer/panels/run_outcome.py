"""What a fine-tuning run that is over has come to: kept, downloaded, gone on with, or discarded."""

import streamlit as st

from explorer.components.figure_table import Column, Line, figure_table
from explorer.services import comparisons, fine_tunes, runs, view
from explorer.services.jobs import JobError
from explorer.services.own_models import OwnModelError
from explorer.services.runs import Run
from explorer.services.text import counted, plain

MANY = 100
"""Test images from which on the better of two figures is marked."""


def run_outcome(run: Run) -> None:
    """Its figures before and after, and what can be done with it."""
    after = runs.result(run)
    if run.state == "failed":
        st.error(plain(f"The run failed: {run.message}"))
    if run.state == "dead":
        st.warning(
            "The worker has ended without a word, as when a computer is shut down. It can go on from its last saved state."
        )
    if after is None:
        _without_result(run)
        return
    _figures(run, after)
    _offer(run)


def _without_result(run: Run) -> None:
    if run.state == "stopped":
        st.info("The run was stopped before it had begun to train.")
    left, right, _ = st.columns([1, 1, 3])
    if run.state in ("dead", "failed") and left.button("Go on", key="tune-resume", width="stretch"):
        _act(fine_tunes.resume, run)
    if right.button("Discard", key="tune-discard", width="stretch"):
        _act(fine_tunes.discard, run)


def _figures(run: Run, after: runs.Checkpoint) -> None:
    """The figures before and after, and what they are of."""
    columns = [Column(figure.title, comparisons.unit(figure), figure.about) for figure in comparisons.FIGURES]
    before_and_after = run.before, after.metrics
    images = after.metrics.get("n")
    # A handful of images tells nothing of which is better.
    enough = isinstance(images, int) and images >= MANY
    marks = [comparisons.better(before_and_after, figure) if enough else [False, False] for figure in comparisons.FIGURES]
    figure_table(
        columns,
        [
            Line(
                name, "", "",
                [comparisons.shown(before_and_after[i], figure) for figure in comparisons.FIGURES],
                [mark[i] for mark in marks],
            )
            for i, name in enumerate((f"{run.model}, before", "After"))
        ],
    )  # fmt: skip
    count = f"{images:,} " if isinstance(images, int) else ""
    note = " It was stopped early." if run.state == "stopped" else ""
    if after.training.get("reason") == "early stop":
        note = " It ended by itself where validation made no more progress; these are its best weights."
    if run.request.get("likelihood"):
        note += " Both lines are under the new likelihood."
    steps = after.training.get("steps", 0)
    if said := runs.kept_weights(after.training):
        (st.info if after.training["kept_step"] == 0 else st.caption)(plain(said))
    st.caption(plain(f"Measured on {count}test images ({run.data}), after {counted(steps, 'step')}.{note}"))


def _offer(run: Run) -> None:
    """What can be done with the result."""
    name, left, middle, right = st.columns([3, 1, 1, 1], vertical_alignment="bottom")
    wanted = name.text_input("Keep as", fine_tunes.name_for(run), max_chars=60, key=f"tune-name-{run.job.name}")
    if left.button("Keep", type="primary", key="tune-keep", width="stretch"):
        _act(fine_tunes.keep, run, wanted, said="Kept: it is among the models in the sidebar, as {}.")
    middle.download_button(
        "Download",
        fine_tunes.as_file(run),
        f"{run.job.name}.safetensors",
        key="tune-download",
        on_click="ignore",
        width="stretch",
    )
    if right.button("Discard", key="tune-discard", width="stretch"):
        _act(fine_tunes.discard, run)


def _act(what, run: Run, *given: str, said: str = "") -> None:
    """Does it, and says why where it cannot be done."""
    try:
        found = what(run, *given)
    except (JobError, OwnModelError, OSError) as error:
        st.error(plain(str(error)))
        return
    if said:
        st.session_state["tune-said"] = said.format(plain(found))
        # Beside what it came from, where there is room.
        st.session_state["sidebar-choose"] = (*st.session_state.view.models[: view.MOST_MODELS - 1], found)
    view.show_run(run.job.name if runs.find(run.job.name) else "")
    st.rerun()

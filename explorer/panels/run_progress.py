"""A fine-tuning run: its progress, its loss terms, its reconstructions and its decoded images."""

import math
import time
from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from explorer.components.captioned_images import captioned_images
from explorer.components.image_rows import ImageRow, image_rows, scale_bar
from explorer.components.loss_chart import loss_chart
from explorer.payloads.loss_chart import traces
from explorer.presenters.error_maps import error_maps, error_scale
from explorer.presenters.image_files import mosaic
from explorer.services import runs
from explorer.services.metrics import mse_captions
from explorer.services.runs import FineTuningRun
from explorer.services.text import escaped


@st.fragment(run_every=1.0)
def live_run(name: str) -> None:
    """Draws a run that is under way, again every second until it has ended."""
    run = runs.find(name)
    if run is None or not run.under_way:
        st.rerun()
    _live_run(run)


def _live_run(run: FineTuningRun) -> None:
    progress = run.phase or "Starting"
    if run.phase == "Training" and run.steps == 0:
        progress = "Timing the first steps"
    elif run.phase == "Training":
        left = "" if run.seconds_left is None else f", {_clock(run.seconds_left)} left"
        speed = "" if run.images_per_second is None else f", {run.images_per_second:,.0f} images/s"
        progress = f"Step {run.step:,} of {run.steps:,}{left}{speed}"
    st.progress(min(1.0, run.share), escaped(progress))
    st.caption(escaped(f"On {run.device}. " if run.device else "") + "You can leave this page, or close it.")
    if run.warning:
        st.warning(escaped(run.warning))
    if run.stopping:
        when = "once its training step is compiled" if run.phase == runs.COMPILING else "at its next step"
        st.caption(f"It stops {when}. The model it has reached by then is measured and can be kept.")
    elif st.button("Stop", key="tune-stop"):
        run.job.stop()
        st.rerun(scope="fragment")
    run_terms(run)
    run_snapshots(run)


def run_terms(run: FineTuningRun) -> None:
    """Draws the run's loss terms over its steps."""
    if curves := traces(run.training, run.validation):
        log = st.toggle("Logarithmic scale", key=f"tune-log-{run.job.name}")
        loss_chart(curves, f"tune-chart-{run.job.name}", steps=run.steps, log=log)


def run_snapshots(run: FineTuningRun) -> None:
    """Draws reconstructions and decoded images before the training and at a chosen step."""
    if not run.snapshots:
        return
    step = run.snapshots[-1]
    if not run.under_way and len(run.snapshots) > 1:
        step = st.select_slider("Step", run.snapshots, run.snapshots[-1], key=f"tune-step-{run.job.name}")
    before, now = runs.snapshot(run, run.snapshots[0]), runs.snapshot(run, step)
    snapshots = [("before", before), (f"at step {step:,}", now)]
    if now["x"].ndim == 1:
        _text_snapshots(now, snapshots)
        return
    smooth = now["x"].shape[1] == 3
    errors = [abs(now["x"] / 255 - snapshot["rebuilt"] / 255).mean(1) for _, snapshot in snapshots]
    high = error_scale(errors)
    rows = [ImageRow("Held-out images", list(now["x"]))]
    for (name, snapshot), error in zip(snapshots, errors, strict=True):
        captions = mse_captions(now["x"] / 255, snapshot["rebuilt"] / 255)
        rows.append(ImageRow(f"Reconstructed {name}", list(snapshot["rebuilt"]), captions=captions))
        rows.append(ImageRow(f"Errors {name}", error_maps(error, high), "error", subordinate=True))
    image_rows(rows, smooth=smooth)
    scale_bar("0", f"{high:.2f}", "absolute error of a pixel, on one scale for all; numbers are the MSE of each image")
    decoded = [(mosaic(snapshot["drawn"]), f"Decoded from the same codes, {name}") for name, snapshot in snapshots]
    captioned_images(decoded, smooth=smooth)
    if "rows" in now:
        st.caption(escaped(f"Each column is one code; its rows are the classes {', '.join(now['rows'])}, from the top."))


def _text_snapshots(now: Mapping[str, np.ndarray], snapshots: Sequence[tuple[str, Mapping[str, np.ndarray]]]) -> None:
    """Draws the reconstructed and the decoded texts of snapshots, as rows of words."""
    rows = [ImageRow("Held-out texts", now["x"].tolist())]
    rows += [ImageRow(f"Reconstructed {name}", snapshot["rebuilt"].tolist()) for name, snapshot in snapshots]
    image_rows(rows)
    for name, snapshot in snapshots:
        st.caption(f"Decoded from the same codes, {name}")
        side = math.isqrt(len(snapshot["drawn"]))
        image_rows([ImageRow("", list(row), subordinate=True) for row in snapshot["drawn"].reshape(side, side).tolist()])


def _clock(seconds: float) -> str:
    """A duration as minutes and seconds, with hours where there are any."""
    return time.strftime("%H:%M:%S" if seconds >= 3600 else "%M:%S", time.gmtime(seconds))

"""A fine-tuning run as it goes: how far it is, its terms, and what it rebuilds and draws."""

import time

import streamlit as st

from explorer.components.loss_chart import Trace, loss_chart
from explorer.components.picture_rows import Row, rows, scale_bar
from explorer.components.pictures import sheet
from explorer.components.plates import plates
from explorer.services import comparisons, runs
from explorer.services.runs import Run
from explorer.services.text import plain


@st.fragment(run_every=1.0)
def live_run(name: str) -> None:
    """A run under way, looked at again every second until it is over."""
    run = runs.find(name)
    if run is None or not run.under_way:
        st.rerun()
    _watch(run)


def _watch(run: Run) -> None:
    words = run.phase or "A worker is starting"
    if run.phase == "Training" and run.steps == 0:
        words = "Timing the first steps"
    elif run.phase == "Training":
        left = "" if run.seconds_left is None else f", {_clock(run.seconds_left)} left"
        speed = "" if run.images_per_second is None else f", {run.images_per_second:,.0f} images/s"
        words = f"Step {run.step:,} of {run.steps:,}{left}{speed}"
    st.progress(min(1.0, run.share), plain(words))
    st.caption(plain(f"On {run.device}. " if run.device else "") + "You can go elsewhere meanwhile, or close the page.")
    if run.warning:
        st.warning(plain(run.warning))
    if run.stopping:
        when = "once its steps are compiled" if run.phase == runs.COMPILING else "at its next step"
        st.caption(f"It stops {when}; what has been learnt until then is measured and stays.")
    elif st.button("Stop", key="tune-stop"):
        run.job.stop()
        st.rerun(scope="fragment")
    run_terms(run)
    run_pictures(run)


def run_terms(run: Run) -> None:
    """Its loss terms, step by step."""
    terms = [("Loss", "loss"), ("Distortion", "distortion"), ("Rate", "rate")]
    traces = []
    for title, name in terms:
        training = [point for point in run.training if getattr(point, name) is not None]
        validation = [point for point in run.validation if getattr(point, name) is not None]
        if training or validation:
            traces.append(
                Trace(
                    title,
                    [point.step for point in training],
                    [getattr(point, name) for point in training],
                    [point.step for point in validation],
                    [getattr(point, name) for point in validation],
                )
            )
    # A model without a rate has one term, which is its loss.
    traces = traces if len(traces) == 3 else traces[1:]
    if traces:
        log = st.toggle("Logarithmic scale", key=f"tune-log-{run.job.name}")
        loss_chart(traces, f"tune-chart-{run.job.name}", steps=run.steps, log=log)


def run_pictures(run: Run) -> None:
    """What it rebuilt and drew, before and at a step."""
    if not run.views:
        return
    step = run.views[-1]
    if not run.under_way and len(run.views) > 1:
        step = st.select_slider("Step", run.views, run.views[-1], key=f"tune-step-{run.job.name}")
    before, now = runs.view(run, run.views[0]), runs.view(run, step)
    smooth = now["x"].shape[1] == 3
    names = [("before", before), (f"at step {step:,}", now)]
    errors = [abs(now["x"] / 255 - found["rebuilt"] / 255).mean(1) for _, found in names]
    high = comparisons.error_scale(errors)
    given = [Row("Test images", list(now["x"]))]
    for (name, found), error in zip(names, errors, strict=True):
        mse = ((now["x"] / 255 - found["rebuilt"] / 255) ** 2).mean((1, 2, 3))
        given.append(Row(f"Rebuilt {name}", list(found["rebuilt"]), captions=[f"{value:.4f}" for value in mse]))
        given.append(Row(f"Errors {name}", comparisons.error_maps(error, high), "where it errs", quiet=True))
    rows(given, smooth=smooth)
    scale_bar("0", f"{high:.2f}", "absolute error of a pixel, on one scale for all; the figures are the MSE of each image")
    plates([(sheet(found["drawn"]), f"Decoded from the same codes, {name}") for name, found in names], smooth=smooth)


def _clock(seconds: float) -> str:
    """Hours only where there are some."""
    return time.strftime("%H:%M:%S" if seconds >= 3600 else "%M:%S", time.gmtime(seconds))

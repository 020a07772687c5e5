"""The fifth page: train a model further and watch it change; keep what comes of it, or not."""

import dataclasses
import time

import streamlit as st

from explorer.components.figure_table import Column, Line, figure_table
from explorer.components.loss_chart import Trace, loss_chart
from explorer.components.picture_rows import Row, rows, scale_bar
from explorer.components.plates import plates
from explorer.services import comparisons, fine_tunes, hardware, models, view
from explorer.services.jobs import JobError
from explorer.services.own_models import OwnModelError
from explorer.services.text import plain

OWN = "images of my own"
SHOWN = 10
"""Files that were refused are named up to so many."""
MANY = 100
"""Held-out images from which on the better of two figures is marked."""

current = st.session_state.view
shelf = models.shelf()
cards = shelf.of(current.data)


def setup() -> None:
    """What a new run is to do."""
    start, data, length, measure = st.columns([3, 3, 2, 2], vertical_alignment="bottom")
    name = start.selectbox(
        "Start from",
        [card.name for card in cards],
        [card.name for card in cards].index(current.lead),
        format_func=lambda name: shelf.card(name).title,
        key=f"tune-model-{current.data}",
    )
    card = shelf.card(name)
    sets = {known: (title, there) for known, title, there in fine_tunes.data_sets(card)}
    ready = [known for known, (_, there) in sets.items() if there]
    choice = data.selectbox(
        "Train on",
        [*ready, OWN],
        format_func=lambda name: sets[name][0] if name in sets else OWN.capitalize(),
        key=f"tune-data-{name}",
        help="Data sets on this computer whose images this model takes. More can be fetched in the sidebar, under Data sets.",
    )
    unit = length.segmented_control("For", ["seconds", "steps"], default="seconds", required=True, key="tune-unit")
    if unit == "seconds":
        amount = measure.number_input("Seconds", 2, 36_000, 30, key="tune-seconds")
    else:
        amount = measure.number_input("Steps", 1, 1_000_000, 200, key="tune-steps")
    files = []
    if choice == OWN:
        files = st.file_uploader(
            "A .zip of images, or at least 10 images",
            ["zip", "png", "jpg", "jpeg", "webp", "bmp", "gif"],
            accept_multiple_files=True,
            key="tune-files",
            help="They are prepared as on the page Your images. The run keeps them until it has ended, and what it rebuilt "
            "until it is discarded; whoever opens this app sees its runs.",
        )
    with st.expander("Learning rate, beta, batch size"):
        first, second, third, fourth = st.columns(4)
        lr = first.select_slider(
            "Learning rate",
            [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2],
            1e-4,
            format_func=lambda value: f"{value:g}",
            help="The largest step of AdamW; it rises to it and falls to 0. A trained model wants less than a new one.",
            key="tune-lr",
        )
        stochastic = card.metrics.get("rate") is not None
        beta = second.number_input(
            "Beta",
            0.0,
            10_000.0,
            card.config.objective.beta,
            disabled=not stochastic,
            help="loss = distortion + beta × rate. 1 is the ELBO; more makes codes tell less. A plain AE has no rate.",
            key=f"tune-beta-{name}",
        )
        batch = third.select_slider("Batch size", [16, 32, 64, 128, 256, 512], 128, key="tune-batch")
        seed = fourth.number_input("Seed", 0, 2**30 - 1, 0, key="tune-seed", help="Of the order of images and the noise.")
    left, right = st.columns([1, 4], vertical_alignment="center")
    go = left.button("Start", type="primary", key="tune-start", width="stretch")
    right.caption(plain(f"Trains on: {hardware.described()}."))
    if go:
        request = fine_tunes.Request(
            name, None if choice == OWN else choice, unit, amount, lr, batch, seed, beta if stochastic else None
        )
        try:
            run = fine_tunes.start(request, card, [(file.name, file.getvalue()) for file in files])
        except (JobError, ValueError) as error:
            st.error(plain(str(error)))
            return
        choose(run.job.name)


def choose(name: str) -> None:
    """Shows a run."""
    view.show(dataclasses.replace(st.session_state.view, run=name))
    st.rerun()


def numbers(run: fine_tunes.Run) -> None:
    """Its terms, step by step."""
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


def pictures(run: fine_tunes.Run) -> None:
    """What it rebuilt and drew, before and at a step."""
    if not run.views:
        return
    step = run.views[-1]
    if not run.under_way and len(run.views) > 1:
        step = st.select_slider("Step", run.views, run.views[-1], key=f"tune-step-{run.job.name}")
    before, now = fine_tunes.view(run, run.views[0]), fine_tunes.view(run, step)
    smooth = now["x"].shape[1] == 3
    names = [("before", before), (f"at step {step:,}", now)]
    errors = [abs(now["x"] / 255 - found["rebuilt"] / 255).mean(1) for _, found in names]
    high = comparisons.error_scale(errors)
    given = [Row("Held-out images", list(now["x"]))]
    for (name, found), error in zip(names, errors, strict=True):
        mse = ((now["x"] / 255 - found["rebuilt"] / 255) ** 2).mean((1, 2, 3))
        given.append(Row(f"Rebuilt {name}", list(found["rebuilt"]), captions=[f"{value:.4f}" for value in mse]))
        given.append(Row(f"Errors {name}", comparisons.error_maps(error, high), "where it errs", quiet=True))
    rows(given, smooth=smooth)
    scale_bar("0", f"{high:.2f}", "absolute error of a pixel, on one scale for all; the figures are the MSE of each image")
    plates([(fine_tunes.sheet(found["drawn"]), f"Decoded from the same codes, {name}") for name, found in names], smooth=smooth)


def clock(seconds: float) -> str:
    """Hours only where there are some."""
    return time.strftime("%H:%M:%S" if seconds >= 3600 else "%M:%S", time.gmtime(seconds))


def watch(run: fine_tunes.Run) -> None:
    """A run under way."""
    words = run.phase or "A worker is starting"
    if run.phase == "Training" and run.steps == 0:
        words = "Timing the first steps"
    elif run.phase == "Training":
        left = "" if run.seconds_left is None else f", {clock(run.seconds_left)} left"
        speed = "" if run.images_per_second is None else f", {run.images_per_second:,.0f} images/s"
        words = f"Step {run.step:,} of {run.steps:,}{left}{speed}"
    st.progress(min(1.0, run.share), plain(words))
    st.caption(plain(f"On {run.device}. " if run.device else "") + "You can go elsewhere meanwhile, or close the page.")
    if run.stopping:
        st.caption("It stops at its next step; what has been learnt until then is measured and stays.")
    elif st.button("Stop", key="tune-stop"):
        run.job.stop()
        st.rerun(scope="fragment")
    numbers(run)
    pictures(run)


@st.fragment(run_every=1.0)
def live(name: str) -> None:
    """The same, looked at again every second until it is over."""
    run = fine_tunes.find(name)
    if run is None or not run.under_way:
        st.rerun()
    watch(run)


def outcome(run: fine_tunes.Run) -> None:
    """What a run that is over has come to."""
    after = fine_tunes.result(run)
    if run.state == "failed":
        st.error(plain(f"The run failed: {run.message}"))
    if run.state == "dead":
        st.warning(
            "The worker has ended without a word, as when a computer is shut down. It can go on from its last saved state."
        )
    if after is None:
        if run.state == "stopped":
            st.info("The run was stopped before it had begun to train.")
        left, right, _ = st.columns([1, 1, 3])
        if run.state in ("dead", "failed") and left.button("Go on", key="tune-resume", width="stretch"):
            act(fine_tunes.resume, run)
        if right.button("Discard", key="tune-discard", width="stretch"):
            act(fine_tunes.discard, run)
        return
    columns = [Column(figure.title, figure.unit, figure.about) for figure in comparisons.FIGURES]
    values = [(run.before.get(figure.name), after.metrics.get(figure.name)) for figure in comparisons.FIGURES]
    images = after.metrics.get("n")
    # A handful of images tells nothing of which is better.
    enough = isinstance(images, int) and images >= MANY
    marks = [
        comparisons.better(pair, figure) if enough else [False, False]
        for pair, figure in zip(values, comparisons.FIGURES, strict=True)
    ]
    figure_table(
        columns,
        [
            Line(
                name, "", "",
                [comparisons.shown(pair[i], figure) for pair, figure in zip(values, comparisons.FIGURES, strict=True)],
                [mark[i] for mark in marks],
            )
            for i, name in enumerate((f"{run.model}, before", "After"))
        ],
    )  # fmt: skip
    count = f"{images:,} " if isinstance(images, int) else ""
    early = " It was stopped early." if run.state == "stopped" else ""
    steps = after.training.get("steps", 0)
    st.caption(plain(f"Measured on {count}held-out images ({run.data}), after {steps:,} steps.{early}"))
    name, left, middle, right = st.columns([3, 1, 1, 1], vertical_alignment="bottom")
    wanted = name.text_input("Keep as", fine_tunes.name_for(run), max_chars=60, key=f"tune-name-{run.job.name}")
    if left.button("Keep", type="primary", key="tune-keep", width="stretch"):
        act(fine_tunes.keep, run, wanted, said="Kept: it is among the models in the sidebar, as {}.")
    middle.download_button(
        "Download",
        fine_tunes.as_file(run),
        f"{run.job.name}.safetensors",
        key="tune-download",
        on_click="ignore",
        width="stretch",
    )
    if right.button("Discard", key="tune-discard", width="stretch"):
        act(fine_tunes.discard, run)


def act(what, run: fine_tunes.Run, *given: str, said: str = "") -> None:
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
    choose(run.job.name if fine_tunes.find(run.job.name) else "")


labels = fine_tunes.labels()
names = list(labels)
chosen = current.run if current.run in names else next(iter(fine_tunes.under_way()), "")
with st.expander("A new run", expanded=not chosen):
    setup()
if said := st.session_state.pop("tune-said", None):
    st.success(said)
if names:
    listed = st.selectbox(
        "Run",
        names,
        names.index(chosen) if chosen else None,
        format_func=labels.get,
        placeholder="Choose a run to look at",
        # A box that a person has emptied would stay empty, whatever is chosen elsewhere.
        key=f"tune-run-{chosen}",
    )
    if listed and listed != current.run:
        view.show(dataclasses.replace(st.session_state.view, run=listed))
    run = fine_tunes.find(listed) if listed else None
    if run is not None:
        if run.refused:
            left_out = [plain(f"{file} was not used: {reason}.") for file, reason in run.refused[:SHOWN]]
            more = len(run.refused) - SHOWN
            st.warning("  \n".join([*left_out, f"{more} more files were not used."] if more > 0 else left_out))
        if run.under_way:
            live(listed)
        else:
            outcome(run)
            numbers(run)
            pictures(run)
else:
    st.caption(
        "A short run shows how a latent space re-forms: raise beta and codes are drawn together, train on other images and the "
        "model forgets the ones that it knew."
    )

"""The form of a new fine-tuning run."""

import streamlit as st

from explorer.services import fine_tunes, hardware, view
from explorer.services.jobs import JobError
from explorer.services.models import Shelf
from explorer.services.text import plain
from explorer.services.view import View

OWN = "images of my own"


def new_run(shelf: Shelf, current: View) -> None:
    """Draws it, and starts the run."""
    cards = shelf.of(current.data)
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
        view.show_run(run.job.name)
        st.rerun()

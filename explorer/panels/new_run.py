"""The form of a new fine-tuning run."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.services import fine_tunes, hardware, uploads, view
from explorer.services.jobs import JobError
from explorer.services.models import Card, Shelf
from explorer.services.text import key_of, plain
from explorer.services.view import View

OWN = "images of my own"
TRAINED = {
    "all": "The whole model",
    "encoder": "The encoder alone",
    "decoder": "The decoder alone",
    "heads": "The latent heads alone",
}


def new_run(shelf: Shelf, current: View) -> None:
    """Draws it, and starts the run."""
    cards = shelf.of(current.data)
    start, data, length, measure = st.columns([3, 3, 2, 2], vertical_alignment="bottom")
    name = start.selectbox(
        "Start from",
        [card.name for card in cards],
        [card.name for card in cards].index(current.lead),
        format_func=lambda name: shelf.card(name).title,
        key=key_of("tune-model", current.data),
    )
    card = shelf.card(name)
    sets = {known: (title, there) for known, title, there in fine_tunes.data_sets(card)}
    ready = [known for known, (_, there) in sets.items() if there]
    choice = data.selectbox(
        "Train on",
        [*ready, OWN],
        format_func=lambda name: sets[name][0] if name in sets else OWN.capitalize(),
        key=key_of("tune-data", name),
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
            ["zip", *uploads.TYPES],
            accept_multiple_files=True,
            key="tune-files",
            help="They are prepared as on the page Your images. The run keeps them until it has ended, and what it rebuilt "
            "until it is discarded; whoever opens this app sees its runs.",
        )
    with st.expander("What trains, and how"):
        how = _how(card, None if choice == OWN else choice)
    left, right = st.columns([1, 4], vertical_alignment="center")
    go = left.button("Start", type="primary", key="tune-start", width="stretch")
    right.caption(plain(f"Trains on: {hardware.described()}."))
    if go:
        request = fine_tunes.Request(name, None if choice == OWN else choice, unit, amount, **how)
        try:
            run = fine_tunes.start(request, card, [(file.name, file.getvalue()) for file in files])
        except (JobError, ValueError) as error:
            st.error(plain(str(error)))
            return
        view.show_run(run.job.name)
        st.rerun()


def _how(card: Card, data: str | None) -> dict[str, Any]:
    """Draws the choices that have a sensible value already; gives the fields of a request that they are."""
    first, second, third, fourth = st.columns(4)
    trained = first.selectbox(
        "What trains",
        list(TRAINED),
        format_func=TRAINED.get,
        help="The rest of the model stays as it is. The latent heads are the encoder's last layer, which gives the code, and "
        "the decoder's first, which takes it.",
        key="tune-trained",
    )
    titles = fine_tunes.likelihoods(card)
    likelihood = second.selectbox(
        "Likelihood",
        list(titles),
        format_func=titles.get,
        help="Of the pixels, given a code; the model's own is the first. The same weights go on under another one, and figures "
        "in nats are measured anew. A sigma starts from, or is, the model's root mean squared error.",
        key=key_of("tune-likelihood", card.name),
    )
    beta = _beta(third, card, trained)
    lr = _learning_rate(fourth, fine_tunes.learning_rate(card, data, beta, likelihood))
    return {"lr": lr, "beta": beta, "likelihood": likelihood, "trained": trained} | _steps()


def _beta(place: DeltaGenerator, card: Card, trained: fine_tunes.Trained) -> float | None:
    """The weight of the rate; None where it has no effect."""
    weighs = fine_tunes.takes_beta(card, trained)
    beta = place.number_input(
        "Beta",
        0.0,
        10_000.0,
        card.config.objective.beta,
        disabled=not weighs,
        help="loss = distortion + beta × rate. 1 is the ELBO; more makes codes tell less. A plain AE has no rate, and the "
        "decoder has no part in it.",
        key=key_of("tune-beta", card.name),
    )
    return beta if weighs else None


def _learning_rate(place: DeltaGenerator, usual: float) -> float:
    return place.select_slider(
        "Learning rate",
        fine_tunes.LEARNING_RATES,
        usual,
        format_func=lambda value: f"{value:g}",
        help="The largest step of AdamW; it rises to it and falls to 0. A model that goes on with its own images wants small "
        "steps, one that is given other images or another loss larger ones.",
        # Another usual value has a slider of its own, or the old one would stay.
        key=f"tune-lr-{usual:g}",
    )


def _steps() -> dict[str, Any]:
    """Draws the choices on how steps are taken and which weights they come to; gives the fields of a request that they are."""
    first, second, third, fourth = st.columns(4)
    batch = first.select_slider("Batch size", fine_tunes.BATCH_SIZES, fine_tunes.BATCH_SIZE, key="tune-batch")
    patience = second.selectbox(
        "Stop early",
        [0, 2, 3, 5, 10],
        format_func=lambda count: f"After {count} validations" if count else "Off",
        help="After so many validations in a row without progress; the best weights are then the model. There are some twelve "
        "in a run of so many steps, or in each epoch of one of so many seconds, and 20 steps or more between two.",
        key="tune-patience",
    )
    ema = third.selectbox(
        "Average of the weights",
        [0.0, 0.99, 0.999],
        format_func=lambda decay: f"{decay:g} a step" if decay else "Off",
        help="An exponential moving average with this decay is then the model; it forgets in some 100, or 1,000, steps.",
        key="tune-ema",
    )
    seed = fourth.number_input("Seed", 0, 2**30 - 1, 0, key="tune-seed", help="Of the order of images and the noise.")
    return {"batch_size": batch, "seed": seed, "patience": patience, "ema": ema}

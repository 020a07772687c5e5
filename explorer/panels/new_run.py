"""The form for a new fine-tuning run."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explorer.services import fine_tuning, hardware, models, uploads, view
from explorer.services.jobs import JobError
from explorer.services.models import ModelCard, Registry
from explorer.services.text import escaped, widget_key
from explorer.services.view import View

OWN_IMAGES = "images of my own"
TRAINED: dict[fine_tuning.Trained, str] = {
    "all": "The whole model",
    "encoder": "Only the encoder",
    "decoder": "Only the decoder",
    "heads": "Only the latent heads",
}


def new_run(registry: Registry, current: View) -> None:
    """Draws the form, and starts the run."""
    cards = registry.of(current.data)
    start, data, length, measure = st.columns([3, 3, 2, 2], vertical_alignment="bottom")
    name = start.selectbox(
        "Start from",
        [card.name for card in cards],
        [card.name for card in cards].index(current.lead),
        format_func=lambda name: registry.card(name).title,
        key=widget_key("tune-model", current.data),
    )
    card = registry.card(name)
    data_sets = {known: (title, available) for known, title, available in fine_tuning.data_sets(card)}
    own = [OWN_IMAGES] if card.shows_images else []
    ready = [known for known, (_, available) in data_sets.items() if available]
    if not ready and not own:
        st.info(escaped(f"No data set that fits {card.title} is on this computer; fetch one in the sidebar, under Data sets."))
        return
    choice = data.selectbox(
        "Train on",
        [*ready, *own],
        format_func=lambda name: data_sets[name][0] if name in data_sets else OWN_IMAGES.capitalize(),
        key=widget_key("tune-data", name),
        help="Data sets on this computer that fit this model. More can be fetched in the sidebar, under Data sets.",
    )
    unit = length.segmented_control("For", ["seconds", "steps"], default="seconds", required=True, key="tune-unit")
    if unit == "seconds":
        amount = measure.number_input("Seconds", 2, 36_000, 30, key="tune-seconds")
    else:
        amount = measure.number_input("Steps", 1, 1_000_000, 200, key="tune-steps")
    files = _own_images(card) if choice == OWN_IMAGES else []
    with st.expander("Training settings"):
        settings = _settings(card, None if choice == OWN_IMAGES else choice)
    left, right = st.columns([1, 4], vertical_alignment="center")
    go = left.button("Start", type="primary", key="tune-start", width="stretch")
    right.caption(escaped(f"Trains on: {hardware.description()}."))
    if go:
        request = fine_tuning.RunRequest(name, None if choice == OWN_IMAGES else choice, unit, amount, **settings)
        try:
            run = fine_tuning.start(request, card, [(file.name, file.getvalue()) for file in files])
        except (JobError, ValueError) as error:
            st.error(escaped(str(error)))
            return
        view.show_run(run.job.name)
        st.rerun()


def _own_images(card: ModelCard) -> list[UploadedFile]:
    """Draws the field for images of one's own. Returns the files that are in it."""
    files = st.file_uploader(
        "A .zip of images, or at least 10 images",
        ["zip", *uploads.TYPES],
        accept_multiple_files=True,
        key="tune-files",
        help="They are prepared as on the page Your images. The run stores them until it has ended, and their "
        "reconstructions until it is discarded. Everyone who opens this app sees its runs.",
    )
    if models.conditions(card):
        names = ", ".join(models.conditions(card)[: fine_tuning.MAX_CLASSES_SHOWN])
        about = "is given the class of each image: use a .zip with a folder for each class"
        st.caption(escaped(f"{card.title} {about} ({names})."))
    return files


def _settings(card: ModelCard, data: str | None) -> dict[str, Any]:
    """Draws the settings that have sensible defaults. Returns them as fields of a RunRequest."""
    first, second, third, fourth = st.columns(4)
    trained = first.selectbox(
        "What trains",
        list(TRAINED),
        format_func=TRAINED.__getitem__,
        help="The rest of the model stays unchanged. The latent heads are the encoder's last layer, which outputs the code, "
        "and the decoder's first layer, which reads it.",
        key="tune-trained",
    )
    titles = fine_tuning.likelihoods(card)
    likelihood = second.selectbox(
        "Likelihood",
        list(titles),
        format_func=titles.__getitem__,
        help="The distribution of the pixels given a code; the model's own is the first. Another one starts from the same "
        "weights, and values in nats are measured again. A sigma is, or starts at, the model's root mean squared error.",
        key=widget_key("tune-likelihood", card.name),
    )
    beta = _beta(third, card, trained)
    lr = _learning_rate(fourth, fine_tuning.learning_rate(card, data, beta, likelihood))
    return {"lr": lr, "beta": beta, "likelihood": likelihood, "trained": trained} | _steps()


def _beta(place: DeltaGenerator, card: ModelCard, trained: fine_tuning.Trained) -> float | None:
    """The weight of the rate; None where it has no effect."""
    weighs = fine_tuning.takes_beta(card, trained)
    beta = place.number_input(
        "Beta",
        0.0,
        10_000.0,
        models.beta_of(card),
        disabled=not weighs,
        help="loss = distortion + beta × rate. 1 gives the ELBO; larger values make codes store less. A loss without a rate "
        "has no beta, a rate that is one number for all images changes no weights, and training the decoder alone does not "
        "change a rate to N(0, I).",
        key=widget_key("tune-beta", card.name),
    )
    return beta if weighs else None


def _learning_rate(place: DeltaGenerator, default: float) -> float:
    return place.select_slider(
        "Learning rate",
        fine_tuning.LEARNING_RATES,
        default,
        format_func=lambda value: f"{value:g}",
        help="The peak learning rate of AdamW; it warms up to this value and decays to 0. Small rates suit a model that "
        "continues with its own images; other images or another loss need larger ones.",
        # Another default gets a slider of its own; with a fixed key the old value would stay.
        key=f"tune-lr-{default:g}",
    )


def _steps() -> dict[str, Any]:
    """Draws the choices on how steps are taken and which weights they come to; gives the fields of a request that they are."""
    first, second, third, fourth = st.columns(4)
    batch = first.select_slider("Batch size", fine_tuning.BATCH_SIZES, fine_tuning.BATCH_SIZE, key="tune-batch")
    patience = second.selectbox(
        "Stop early",
        [0, 2, 3, 5, 10],
        format_func=lambda count: f"After {count} validations" if count else "Off",
        help="Stops after this many validations in a row without progress, and keeps the best weights. There are about twelve "
        "validations in a run of a given number of steps, or in each epoch of a run of a given time, at least 20 steps "
        "apart.",
        key="tune-patience",
    )
    ema = third.selectbox(
        "Average of the weights",
        [0.0, 0.99, 0.999],
        format_func=lambda decay: f"{decay:g} per step" if decay else "Off",
        help="Keeps an exponential moving average of the weights with this decay, over about the last 100 or 1,000 steps.",
        key="tune-ema",
    )
    about_seed = "Determines the order of the images and the noise."
    seed = fourth.number_input("Seed", 0, 2**30 - 1, 0, key="tune-seed", help=about_seed)
    return {"batch_size": batch, "seed": seed, "patience": patience, "ema": ema}

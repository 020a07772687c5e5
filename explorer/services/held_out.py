"""Images that models were not trained on, to be rebuilt and compared: real ones where they are at hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.components.pictures import as_pixels
from explorer.services import datasets, models
from explorer.services.models import Card
from vae_core import load_dataset
from vae_core.data.sources import STAND_INS


@dataclass(frozen=True, eq=False)
class HeldOutImages:
    """Images with what is known of them."""

    x: np.ndarray
    """uint8 (N, C, H, W)."""
    names: tuple[str, ...]
    """Of each image: its class, or its number."""
    about: str
    """Where they are from, in a sentence; it says so where they are not real."""
    real: bool


def images_for(card: Card) -> HeldOutImages:
    """Held-out images for a model: of its own data set, else of a set that comes installed, else what the model draws."""
    own = datasets.originals(card.source, card.fingerprint)
    held_out = models.load(card.name).held_out
    if own is not None:
        labels = None if held_out is None or held_out.labels is None else held_out.labels.numpy()
        seen = "" if card.trained_before else ": none of these models has seen them"
        about = f"{'Test' if card.trained_before else 'Held-out'} images of {card.data_title}{seen}."
        return HeldOutImages(own, _names(card, labels, len(own)), about, True)
    if card.source in STAND_INS:
        x, labels = _carried(STAND_INS[card.source])
        about = (
            f"{datasets.absent(card)} These are digits of mnist5k, which comes "
            "installed and which no shipped model was trained on."
        )
        return HeldOutImages(x, _names(card, labels, len(x)), about, True)
    return _drawn(card.name, models.stamp(card.name))


@st.cache_resource(max_entries=2, show_spinner=False)
def _carried(name: str) -> tuple[np.ndarray, np.ndarray]:
    found = load_dataset(name)
    return found.test.x.numpy(), found.test.y.numpy()


@st.cache_resource(max_entries=4, show_spinner=False)
def _drawn(name: str, stamp: int) -> HeldOutImages:
    card, checkpoint = models.shelf().card(name), models.load(name)
    about = (
        f"{datasets.absent(card)} What {card.title} draws from the codes of its held-out images stands in for them, so "
        "errors are smaller than with the real ones."
    )
    if checkpoint.held_out is None:
        x, labels = checkpoint.model.sample(200), None
    else:
        held_out = checkpoint.held_out
        x, labels = checkpoint.model.decode(held_out.codes[:1000]), held_out.labels
        labels = None if labels is None else labels[:1000].numpy()
    pixels = as_pixels(x.numpy())
    return HeldOutImages(pixels, _names(card, labels, len(pixels)), about, False)


def _names(card: Card, labels: np.ndarray | None, count: int) -> tuple[str, ...]:
    classes = models.load(card.name).data.get("classes", ())
    if labels is None or not classes:
        return tuple(f"no. {i + 1}" for i in range(count))
    return tuple(str(classes[label]) if label < len(classes) else str(label) for label in labels[:count])

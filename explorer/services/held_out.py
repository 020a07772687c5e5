"""Images that the models were not trained on, for reconstruction and comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.services import conditions, datasets, models, observations
from explorer.services.models import ModelCard
from vae_core import load_dataset
from vae_core.data.sources import STAND_INS


@dataclass(frozen=True, eq=False)
class HeldOutImages:
    """Held-out images or texts with their names and their origin."""

    x: np.ndarray
    """Pixels of the images or tokens of the texts, uint8 (N, C, H, W) or (N, length)."""
    names: tuple[str, ...]
    """The class of each image, or its number where classes are not known."""
    about: str
    """A sentence about where the images are from, and whether they are real."""
    labels: np.ndarray | None
    """The class of each image, integers (N,), or None where classes are not known."""
    real: bool
    """True if these are images of a data set, rather than images decoded by the model."""


def images_for(card: ModelCard) -> HeldOutImages:
    """Held-out images for a model.

    They are those of its own data set if available, otherwise those of a similar installed set, otherwise images that the model
    decodes from its stored codes.
    """
    own = datasets.originals(card)
    held_out = models.load(card.name).held_out
    if own is not None:
        labels = None if held_out is None or held_out.labels is None else held_out.labels.numpy()
        unseen = "." if card.trained_before else ": these models were not trained on them."
        about = f"{'Test' if card.trained_before else 'Held-out'} {card.config.modelled.noun}s of {card.data_title}{unseen}"
        return HeldOutImages(own, _names(card, labels, len(own)), about, labels, True)
    if card.source in STAND_INS and datasets.has_observations_for(STAND_INS[card.source], card):
        x, labels = _installed(STAND_INS[card.source])
        about = (
            f"{datasets.reason_missing(card)} These are digits of mnist5k, which is "
            "installed. No shipped model was trained on them."
        )
        return HeldOutImages(x, _names(card, labels, len(x)), about, labels, True)
    return _decoded(card.name, models.file_version(card.name))


@st.cache_resource(max_entries=2, show_spinner=False)
def _installed(name: str) -> tuple[np.ndarray, np.ndarray | None]:
    test = load_dataset(name).test
    return test.x.numpy(), None if test.y is None else test.y.numpy()


@st.cache_resource(max_entries=4, show_spinner=False)
def _decoded(name: str, version: int) -> HeldOutImages:
    card, checkpoint = models.registry().card(name), models.load(name)
    noun = card.config.modelled.noun
    about = (
        f"{datasets.reason_missing(card)} {noun.capitalize()}s that {card.title} decodes from its held-out codes stand in for "
        f"them, so errors are smaller than with real {noun}s."
    )
    if checkpoint.held_out is None:
        x, labels = checkpoint.model.sample(200, condition=conditions.for_model(card, 0)), None
    else:
        x, labels = checkpoint.decode_held_out(slice(1000)), checkpoint.held_out.labels
        labels = None if labels is None else labels[:1000].numpy()
    images = observations.at_rest(card, x.numpy())
    return HeldOutImages(images, _names(card, labels, len(images)), about, labels, False)


def _names(card: ModelCard, labels: np.ndarray | None, count: int) -> tuple[str, ...]:
    classes = models.load(card.name).data.get("classes", ())
    if labels is None or not classes:
        return tuple(f"no. {i + 1}" for i in range(count))
    return tuple(str(classes[label]) if label < len(classes) else str(label) for label in labels[:count])

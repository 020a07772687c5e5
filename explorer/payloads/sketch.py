"""The sketch's payload: the models' encoders and decoders, and how a drawing is prepared for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.components.sketch import Framing, SketchData, SketchModel
from explorer.services import datasets, held_out, models, programs, uploads
from explorer.services.models import ModelCard

MAX_CACHED = 4
"""Number of model selections whose payloads stay in memory."""


def sketch_payload(cards: Sequence[ModelCard], condition: int = 0) -> tuple[bytes | None, tuple[str, ...]]:
    """The payload for models of one image size, and the titles of the models that a page cannot run.

    The payload is None where a page can run none of them. condition: the class that conditional models are given.
    """
    names = tuple((card.name, models.file_version(card.name)) for card in cards)
    return _payload(names, datasets.has_originals(cards[0]), condition)


@st.cache_data(max_entries=MAX_CACHED, show_spinner=False)
def _payload(names: tuple[tuple[str, int], ...], has_originals: bool, condition: int) -> tuple[bytes | None, tuple[str, ...]]:
    registry = models.registry()
    cards = [registry.card(name) for name, _ in names]
    pairs = [(card.title, _model(card)) for card in cards]
    runnable = [model for _, model in pairs if model is not None]
    left_out = tuple(title for title, model in pairs if model is None)
    if not runnable:
        return None, left_out
    preparation = uploads.default_preparation(cards[0])
    data = SketchData(
        models=runnable,
        image=cards[0].config.image,
        framing=Framing(preparation.frame, preparation.box, preparation.middle),
        background=background(held_out.images_for(cards[0]).x[: uploads.PREPARATION_SAMPLE]),
        smooth=cards[0].config.image[0] == 3,
        condition=condition,
    )
    return data.to_bytes(), left_out


def _model(card: ModelCard) -> SketchModel | None:
    """The model's programs, or None where a page cannot run it."""
    model, style = models.load(card.name).model, models.style_of(card)
    (encoder, _), (decoder, _) = programs.encoder(model), programs.decoder(model)
    if encoder is None or decoder is None:
        return None
    return SketchModel(card.name, card.title, encoder.to_bytes(), decoder.to_bytes(), style["colour"], style["marker"])


def background(x: np.ndarray) -> tuple[int, int, int]:
    """The median colour of the borders of images, uint8 (N, C, H, W): red, green, blue."""
    edge = np.concatenate([x[:, :, 0], x[:, :, -1], x[:, :, :, 0], x[:, :, :, -1]], -1)
    colour = [int(value) for value in np.median(edge, (0, 2))]
    red, green, blue = colour * 3 if len(colour) == 1 else colour
    return red, green, blue

"""What the sheet to draw on is given: the models' encoders and decoders, and how their images look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.components.sketch import Framing, SketchData, SketchModel
from explorer.services import datasets, held_out, models, programs, uploads
from explorer.services.models import Card

KEPT = 4
"""Sheets for so many choices of models stay in memory."""


def sketch_of(cards: Sequence[Card]) -> tuple[bytes | None, tuple[str, ...]]:
    """The sheet for models of one image size, None where a page can run none; and the titles of those that it cannot run."""
    return _sketch(tuple((card.name, models.stamp(card.name)) for card in cards), datasets.at_hand(cards[0]))


@st.cache_data(max_entries=KEPT, show_spinner=False)
def _sketch(names: tuple[tuple[str, int], ...], at_hand: bool) -> tuple[bytes | None, tuple[str, ...]]:
    shelf = models.shelf()
    cards = [shelf.card(name) for name, _ in names]
    found = [(card.title, _model(card)) for card in cards]
    run = [model for _, model in found if model is not None]
    left_out = tuple(title for title, model in found if model is None)
    if not run:
        return None, left_out
    how = uploads.usual_for(cards[0])
    data = SketchData(
        models=run,
        image=cards[0].config.image,
        how=Framing(how.frame, how.box, how.middle),
        ground=ground(held_out.images_for(cards[0]).x[: uploads.SAMPLE]),
        smooth=cards[0].config.image[0] == 3,
    )
    return data.to_bytes(), left_out


def _model(card: Card) -> SketchModel | None:
    """The program that a page runs; None where it cannot run the model."""
    model, style = models.load(card.name).model, models.style_of(card)
    (encoder, _), (decoder, _) = programs.encoder(model), programs.decoder(model)
    if encoder is None or decoder is None:
        return None
    return SketchModel(card.name, card.title, encoder.to_bytes(), decoder.to_bytes(), style["colour"], style["marker"])


def ground(x: np.ndarray) -> tuple[int, int, int]:
    """The usual colour of the borders of images, uint8 (N, C, H, W): red, green, blue."""
    edge = np.concatenate([x[:, :, 0], x[:, :, -1], x[:, :, :, 0], x[:, :, :, -1]], -1)
    colour = [int(value) for value in np.median(edge, (0, 2))]
    return tuple(colour * 3 if len(colour) == 1 else colour)

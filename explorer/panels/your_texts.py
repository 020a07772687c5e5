"""The user's own texts on the page Your images: their reconstructions, and the nearest held-out texts."""

from collections.abc import Sequence

import streamlit as st

from explorer.components.image_rows import ImageRow, image_rows
from explorer.panels.condition_switch import condition_switch
from explorer.services import models, texts
from explorer.services.models import ModelCard
from explorer.services.text import escaped
from explorer.services.view import View

MOST = 8
"""Largest number of texts that are shown."""


def your_texts(cards: Sequence[ModelCard], current: View) -> None:
    """Draws a field for texts and what the models make of them."""
    titles = " and ".join(card.title for card in cards)
    st.caption(escaped(f"Images are for models of images: {titles} reads texts. Type some, and see how it would write them."))
    _, condition = condition_switch(cards, current, "The class that conditional models are given with your texts.")
    typed = st.text_input(f"Your texts, up to {MOST}, with spaces between them", max_chars=500, key="texts-typed").split()
    usable, refused = texts.usable(cards[0], typed[:MOST])
    for reason in refused:
        st.warning(escaped(reason))
    if not usable:
        return
    rows = [ImageRow("Your texts", usable)]
    for card in cards:
        style, found = models.style_of(card), texts.evaluate(card, usable, condition)
        rows.append(
            ImageRow(card.title, found.rebuilt, "reconstruction", style["colour"], style["marker"], captions=found.hits)
        )
        if found.nearest:
            rows.append(ImageRow(card.title, found.nearest, "nearest held-out text", subordinate=True))
    image_rows(rows)

"""The switch of the class that conditional models are given, on pages that decode on the server."""

import dataclasses
from collections.abc import Sequence

import streamlit as st

from explorer.services import conditions, view
from explorer.services.models import ModelCard
from explorer.services.text import escaped, widget_key
from explorer.services.view import View

MOST_BUTTONS = 12
"""More classes than this are a list to choose from."""


def condition_switch(cards: Sequence[ModelCard], current: View, about: str) -> tuple[View, int]:
    """Draws the switch where a model is given a class. Returns the view and the class, 0 where there is none."""
    names = conditions.names(cards)
    chosen = conditions.chosen(cards, current)
    if not names:
        return current, chosen
    key = widget_key("condition", *(card.name for card in cards))
    shared = {"format_func": lambda k: escaped(names[k]), "help": about, "key": key}
    if len(names) <= MOST_BUTTONS:
        found = st.segmented_control("Class given to the model", range(len(names)), default=chosen, required=True, **shared)
    else:
        found = st.selectbox("Class given to the model", range(len(names)), chosen, **shared)
    if found != chosen:
        current = dataclasses.replace(current, condition=found)
        view.show(current)
    return current, found

"""What a person looks at, as one value: it is what the URL holds, and what pages share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from explorer.services.models import Shelf

VERSION = 1
LIMIT = 1e4
"""Coordinates beyond this come from no pad."""


@dataclass(frozen=True)
class View:
    """Data set, model, and the handle's place on the pad's plane (None: where the pad starts)."""

    data: str
    model: str
    point: tuple[float, float] | None = None

    def query(self) -> dict[str, str]:
        """As query parameters; `read` gives back an equal view."""
        out = {"v": str(VERSION), "data": self.data, "model": self.model}
        if self.point is not None:
            out["at"] = ",".join(f"{c:.4g}" for c in self.point)
        return out


def read(query: Mapping[str, str], shelf: Shelf) -> View:
    """The view that query parameters describe; what they do not say, or say wrongly, is as in the first view."""
    first = shelf.cards[0]
    if query.get("v", str(VERSION)) != str(VERSION):
        return View(first.data, first.name)
    names = {card.name: card for card in shelf.cards}
    if query.get("model") in names:
        card = names[query["model"]]
    elif query.get("data") in shelf.data_sets():
        card = shelf.of(query["data"])[0]
    else:
        card = first
    return View(card.data, card.name, _point(query.get("at", "")))


def _point(text: str) -> tuple[float, float] | None:
    try:
        a, b = (float(part) for part in text.split(","))
    except ValueError:
        return None
    if not all(math.isfinite(c) and abs(c) <= LIMIT for c in (a, b)):
        return None
    return a, b


def current(shelf: Shelf) -> View:
    """This session's view: at first the URL's."""
    if "view" not in st.session_state or st.session_state.view.model not in {card.name for card in shelf.cards}:
        st.session_state.view = read(st.query_params, shelf)
    return st.session_state.view


def show(view: View) -> None:
    """Makes `view` the session's view and the URL's."""
    st.session_state.view = view
    wanted = view.query()
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def move(point: tuple[float, float]) -> None:
    """The handle came to rest at `point`."""
    show(replace(st.session_state.view, point=point))

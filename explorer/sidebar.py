"""The sidebar that all pages share: data set, models, what is known of them, and what is going on."""

import streamlit as st

from explorer.components.picture_rows import MARKS
from explorer.components.shell import shell
from explorer.dialogs import data as data_dialog
from explorer.dialogs import models as models_dialog
from explorer.services import hardware, models, runs, view
from explorer.services.models import Shelf
from explorer.services.text import counted, key_of, plain
from explorer.services.view import View


def sidebar(shelf: Shelf, current: View) -> View:
    """Draws it; gives the view with what a person chose in it."""
    with st.sidebar:
        st.markdown("### Latent Explorer")
        data, names = _choice(shelf, current)
        for name in names:
            st.caption(f"**{plain(shelf.card(name).title)}.** {plain(shelf.card(name).summary)}")
        with st.expander("About this data"):
            st.caption(plain(shelf.of(data)[0].data_about))
        left, right = st.columns(2)
        about_models = "What they are, how they were trained; open your own."
        if left.button("Models", key="sidebar-models", width="stretch", help=about_models):
            models_dialog.show(data, names[0])
        about_data = "Which are on this computer; fetch others."
        if right.button("Data sets", key="sidebar-data", width="stretch", help=about_data):
            data_dialog.show()
        shell(current.query(), key="shell")
        st.caption(plain(hardware.described()))
        _runs()
    return view.choose(current, shelf, data, names)


def _choice(shelf: Shelf, current: View) -> tuple[str, tuple[str, ...]]:
    _follow(shelf)
    sets = shelf.data_sets()
    # What `_follow` has set must not be said twice.
    first = 0 if "data" in st.session_state else sets.index(current.data)
    data = st.selectbox("Data set", sets, first, format_func=shelf.data_title, key="data")
    cards = shelf.of(data)
    known = {card.name for card in cards}
    chosen_key, titles = key_of("models-of", data), shelf.titles(data)
    usual = [name for name in current.models if name in known] or [cards[0].name]
    chosen = st.pills(
        f"Models, up to {view.MOST_MODELS}",
        [card.name for card in cards],
        selection_mode="multi",
        default=None if chosen_key in st.session_state else usual,
        format_func=lambda name: _chip(shelf.card(name), titles[name]),
        key=chosen_key,
    )
    if len(chosen) > view.MOST_MODELS:
        st.caption(f"Side by side are the first {view.MOST_MODELS}; take one away to see another.")
    return data, tuple(chosen[: view.MOST_MODELS]) or (cards[0].name,)


def _follow(shelf: Shelf) -> None:
    """What was just opened, renamed or kept is there to look at."""
    asked = st.session_state.pop("sidebar-choose", ())
    cards = [card for card in shelf.cards if card.name in asked]
    if cards:
        data = cards[-1].data
        st.session_state["data"] = data
        st.session_state[key_of("models-of", data)] = [card.name for card in cards if card.data == data]


def _chip(card: models.Card, title: str) -> str:
    """A model's title behind its marker, in its colour."""
    style = models.style_of(card)
    return f':color[{MARKS[style["marker"]]}]{{foreground="{style["colour"]}"}} {plain(title)}'


def _runs() -> None:
    count = len(runs.under_way())
    if count:
        st.page_link("screens/fine_tune.py", label=f"{counted(count, 'run')} under way", icon=":material/model_training:")

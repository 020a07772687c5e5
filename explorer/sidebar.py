"""The sidebar that all pages share: data set, models, dialogs, link, hardware and running jobs."""

import streamlit as st

from explorer.components.image_rows import MARKER_SYMBOLS
from explorer.components.shell import shell
from explorer.dialogs import data as data_dialog
from explorer.dialogs import models as models_dialog
from explorer.services import hardware, models, runs, view
from explorer.services.models import Registry
from explorer.services.text import counted, escaped, widget_key
from explorer.services.view import View


def sidebar(registry: Registry, current: View) -> View:
    """Draws the sidebar. Returns the view with the user's choices."""
    with st.sidebar:
        st.markdown("### Latent Explorer")
        data, names = _choice(registry, current)
        for name in names:
            st.caption(f"**{escaped(registry.card(name).title)}.** {escaped(registry.card(name).summary)}")
        with st.expander("About this data"):
            st.caption(escaped(registry.of(data)[0].data_about))
        left, right = st.columns(2)
        about_models = "What the models are and how they were trained; open your own."
        if left.button("Models", key="sidebar-models", width="stretch", help=about_models):
            models_dialog.show(data, names[0])
        about_data = "Data sets on this computer; fetch others."
        if right.button("Data sets", key="sidebar-data", width="stretch", help=about_data):
            data_dialog.show()
        shell(current.query(), key="shell")
        st.caption(escaped(hardware.description()))
        _runs()
    return view.with_models(current, registry, data, names)


def _choice(registry: Registry, current: View) -> tuple[str, tuple[str, ...]]:
    _select_requested(registry)
    data_sets = registry.data_sets()
    # A default must not be given for a widget whose state `_select_requested` has set.
    first = 0 if "data" in st.session_state else data_sets.index(current.data)
    data = st.selectbox("Data set", data_sets, first, format_func=registry.data_title, key="data")
    cards = registry.of(data)
    known = {card.name for card in cards}
    chosen_key, titles = widget_key("models-of", data), registry.titles(data)
    default = [name for name in current.models if name in known] or [cards[0].name]
    chosen = st.pills(
        f"Models, up to {view.MAX_MODELS}",
        [card.name for card in cards],
        selection_mode="multi",
        default=None if chosen_key in st.session_state else default,
        format_func=lambda name: _chip(registry.card(name), titles[name]),
        key=chosen_key,
    )
    if len(chosen) > view.MAX_MODELS:
        st.caption(f"The first {view.MAX_MODELS} are shown side by side; remove one to see another.")
    return data, tuple(chosen[: view.MAX_MODELS]) or (cards[0].name,)


def _select_requested(registry: Registry) -> None:
    """Selects models that were just opened, renamed or saved."""
    requested = st.session_state.pop("sidebar-choose", ())
    cards = [card for card in registry.cards if card.name in requested]
    if cards:
        data = cards[-1].data
        st.session_state["data"] = data
        st.session_state[widget_key("models-of", data)] = [card.name for card in cards if card.data == data]


def _chip(card: models.ModelCard, title: str) -> str:
    """A model's title after its marker, which has the model's colour."""
    style = models.style_of(card)
    return f':color[{MARKER_SYMBOLS[style["marker"]]}]{{foreground="{style["colour"]}"}} {escaped(title)}'


def _runs() -> None:
    count = len(runs.under_way())
    if count:
        st.page_link("screens/fine_tune.py", label=f"{counted(count, 'run')} in progress", icon=":material/model_training:")

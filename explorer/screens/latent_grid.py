"""The first page: drag a point through a latent space and watch what up to four models make of it."""

import dataclasses

import streamlit as st

from explorer.components.latent_pad import latent_pad
from explorer.panels.latent_path import path_panel
from explorer.services import models, own_models, pads, uploads, view
from explorer.services.text import key_of, plain

current = st.session_state.view
shelf = models.shelf()
cards = [shelf.card(name) for name in current.models]
shown, left_out = pads.together(cards)
if left_out:
    names = ", ".join(card.title for card in left_out)
    why = "The codes that are known of them are of other images, so nothing leads across."
    st.info(plain(f"Not shown beside {shown[0].title}: {names}. {why}"))

shown_as = key_of("pad", *(card.name for card in shown))
try:
    payload = pads.pad(shown, view.start(shown_as), uploads.probes(shown))
except ValueError as error:
    st.error(plain(f"{shown[0].title} cannot be shown: {error} Choose another model in the sidebar."))
    st.stop()

state = latent_pad(payload, key=shown_as)
if state is not None and state.lead in current.models:
    # Of two dimensions there is one plane, of which an address need not speak.
    plane = state.plane if shelf.card(state.lead).config.latent > 2 else ""
    shared = {name: getattr(state, name) for name in ("lead", "z", "same", "look", "heat")}
    view.show(dataclasses.replace(current, plane=plane, **shared))
    if state.path is not None:
        path_panel(state.path, shelf.card(state.lead))

seen = st.session_state.view
needs_a_server = pads.needs_a_server(shown)
st.download_button(
    "Export as one HTML file",
    # Made when it is asked for, outside of any session.
    lambda: pads.page(shown, seen),
    f"{own_models.cleaned('-'.join(card.name for card in shown), '-') or 'latent-grid'}.html",
    "text/html",
    key="grid-export",
    on_click="ignore",
    disabled=bool(needs_a_server),
    help=plain(needs_a_server) or "The pad with its models inside, for any browser, without a server and without a network.",
)
st.caption(plain(models.explain(shelf.card(st.session_state.view.lead))))
if len(shown) > 1:
    st.caption(
        "The others follow through the data: each goes where its own encoder puts the held-out images nearest to the handle. "
        "The same numbers would mean something else to each of them."
    )

"""The page Latent grid: drag a point through a latent space and watch the images that up to four models decode."""

import dataclasses

import streamlit as st

from explorer.components.latent_pad import latent_pad
from explorer.panels.latent_path import path_panel
from explorer.payloads.latent_pad import compatible, html_page, pad_payload, reasons_for_server
from explorer.services import models, uploads, user_models, view
from explorer.services.text import escaped, widget_key

current = st.session_state.view
registry = models.registry()
cards = [registry.card(name) for name in current.models]
draggable = [card for card in cards if models.has_plane(card)]
for card in cards:
    if card not in draggable:
        st.info(escaped(models.reason_without_plane(card)))
if not draggable:
    st.stop()
shown, left_out = compatible(draggable)
if left_out:
    names = ", ".join(card.title for card in left_out)
    why = "Their codes are of other held-out images, so the models cannot be linked."
    st.info(escaped(f"Not shown beside {shown[0].title}: {names}. {why}"))

key = widget_key("pad", *(card.name for card in shown))
try:
    start = view.start(key)
    if start.lead not in [card.name for card in shown]:
        start = dataclasses.replace(start, lead=shown[0].name, plane="", z=())
    payload = pad_payload(shown, start, uploads.upload_codes(shown, current))
except ValueError as error:
    st.error(escaped(f"{shown[0].title} cannot be shown: {error} Choose another model in the sidebar."))
    st.stop()

state = latent_pad(payload, key=key)
if state is not None and state.lead in current.models:
    # Two dimensions have only one plane, so the address need not name it.
    plane = state.plane if registry.card(state.lead).config.latent > 2 else ""
    shared = {name: getattr(state, name) for name in ("lead", "z", "same", "display", "overlay", "condition")}
    view.show(dataclasses.replace(current, plane=plane, **shared))
    if state.path is not None:
        path_panel(state.path, registry.card(state.lead), state.condition)

exported_view = st.session_state.view
problem = reasons_for_server(shown)
st.download_button(
    "Export as one HTML file",
    # The file is made when the button is clicked, outside of any session.
    lambda: html_page(shown, exported_view),
    f"{user_models.cleaned('-'.join(card.name for card in shown), '-') or 'latent-grid'}.html",
    "text/html",
    key="grid-export",
    on_click="ignore",
    disabled=bool(problem),
    help=escaped(problem) or "The pad with its models inside, for any browser, without a server or a network.",
)
st.caption(escaped(models.explain(registry.card(st.session_state.view.lead))))
if len(shown) > 1:
    st.caption(
        "The other models follow through the data: each moves to where its own encoder puts the held-out images nearest to the "
        "handle. The same numbers would mean different things to different models."
    )

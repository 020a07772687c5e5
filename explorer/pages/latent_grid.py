"""The first page: drag a point through the latent space and watch the image change."""

import streamlit as st

from explorer.components.latent_pad import latent_pad
from explorer.services import models, pads, view
from explorer.services.text import plain

current = st.session_state.view
card = models.shelf().card(current.model)

# The pad keeps the handle itself; what it starts from may not change while it is on the page.
start = st.session_state.setdefault(f"pad-start-{card.name}", current.point)

try:
    payload = pads.pad(card, start)
except ValueError as error:
    st.error(plain(f"{card.title} cannot be shown: {error} Choose another model in the sidebar."))
    st.stop()

point = latent_pad(payload, key=f"pad-{card.name}")
if point is not None and point != current.point:
    view.move(point)

st.caption(plain(models.explain(card)))

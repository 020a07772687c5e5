"""Navigation and the sidebar that all pages share; nothing else."""

import streamlit as st

from explorer.services import models, view
from explorer.services.text import plain

st.set_page_config(page_title="Latent Explorer", layout="wide", initial_sidebar_state="auto")

page = st.navigation([st.Page("pages/latent_grid.py", title="Latent grid", default=True)], position="top")

shelf = models.shelf()
for problem in shelf.problems:
    st.warning(plain(problem))
if not shelf.cards:
    st.error(
        "There are no checkpoints to explore. Train one with `python -m vae_core train --recipe mnist-vae-2`, then reload."
    )
    st.stop()

current = view.current(shelf)

with st.sidebar:
    st.markdown("### Latent Explorer")
    data = st.selectbox(
        "Data set",
        shelf.data_sets(),
        index=shelf.data_sets().index(current.data),
        format_func=shelf.data_title,
        key="data",
    )
    cards = shelf.of(data)
    names = [card.name for card in cards]
    name = st.radio(
        "Model",
        names,
        index=names.index(current.model) if current.model in names else 0,
        format_func=lambda name: plain(shelf.card(name).title),
        key=f"model-of-{data}",
    )
    card = shelf.card(name)
    st.caption(plain(card.summary))
    with st.expander("About this data"):
        st.caption(plain(card.data_about))

if (data, name) != (current.data, current.model):
    view.show(view.View(data, name))

page.run()

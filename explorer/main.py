"""Navigation and the sidebar that all pages share; nothing else."""

import streamlit as st

from explorer.services import models, pads, view
from explorer.services.text import plain

st.set_page_config(page_title="Latent Explorer", layout="wide", initial_sidebar_state="auto")

# Not in a folder called pages: Streamlit would run what is in there by itself, without this script.
page = st.navigation(
    [
        st.Page("screens/latent_grid.py", title="Latent grid", default=True),
        st.Page("screens/map.py", title="Map"),
        st.Page("screens/compare.py", title="Compare"),
        st.Page("screens/your_images.py", title="Your images"),
    ],
    position="top",
)

shelf = models.shelf()
for problem in shelf.problems:
    st.warning(plain(problem))
if not shelf.cards:
    st.error(
        "There are no checkpoints to explore. Train one with `python -m vae_core train --recipe mnist-vae-2`, then reload."
    )
    st.stop()

current = view.current(shelf)


def chip(name: str) -> str:
    """A model's title behind its marker, in its colour."""
    card = shelf.card(name)
    style = pads.style_of(card)
    mark = {"circle": "●", "square": "■", "diamond": "◆", "triangle": "▲"}[style["marker"]]
    return f':color[{mark}]{{foreground="{style["colour"]}"}} {plain(card.title)}'


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
    chosen = st.pills(
        f"Models, up to {view.MOST_MODELS}",
        [card.name for card in cards],
        selection_mode="multi",
        default=[name for name in current.models if name in {card.name for card in cards}] or [cards[0].name],
        format_func=chip,
        key=f"models-of-{data}",
    )
    if len(chosen) > view.MOST_MODELS:
        st.caption(f"Side by side are the first {view.MOST_MODELS}; take one away to see another.")
    for name in chosen[: view.MOST_MODELS] or [cards[0].name]:
        st.caption(f"**{plain(shelf.card(name).title)}.** {plain(shelf.card(name).summary)}")
    with st.expander("About this data"):
        st.caption(plain(cards[0].data_about))

wanted = view.choose(current, shelf, data, tuple(chosen[: view.MOST_MODELS]) or (cards[0].name,))
if wanted != current:
    view.show(wanted)

page.run()

"""Navigation and the frame that all pages share; nothing else."""

from pathlib import Path

import streamlit as st

from explorer.services import models, view
from explorer.services.text import plain
from explorer.sidebar import sidebar
from vae_core.data.untrusted import shown

st.set_page_config(page_title="Latent Explorer", layout="wide", initial_sidebar_state="auto")
st.html(Path(__file__).parent / "components" / "shell" / "frame.css")

# Not in a folder called pages: Streamlit would run what is in there by itself, without this script.
page = st.navigation(
    [
        st.Page("screens/latent_grid.py", title="Latent grid", default=True),
        st.Page("screens/map.py", title="Map"),
        st.Page("screens/compare.py", title="Compare"),
        st.Page("screens/your_images.py", title="Your images"),
        st.Page("screens/fine_tune.py", title="Fine-tune"),
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

current = view.current(shelf, page.url_path)
for name in view.missing():
    st.toast(plain(f"There is no model {shown(name[:80])} here; this is another one."), duration="long")
if view.misread():
    st.toast("The address has no point that this model knows; this is its first one.", duration="long")
wanted = sidebar(shelf, current)
if wanted != current:
    view.show(wanted)

page.run()

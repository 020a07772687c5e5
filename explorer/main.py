"""The script of the app: navigation, and the frame that all pages share."""

import streamlit as st

from explorer.components.shell import page_frame
from explorer.services import models, view
from explorer.services.text import escaped, printable
from explorer.sidebar import sidebar

st.set_page_config(page_title="Latent Explorer", layout="wide", initial_sidebar_state="auto")
page_frame()

# The folder must not be called pages: Streamlit would run its files by themselves, without this script.
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

registry = models.registry()
for problem in registry.problems:
    st.warning(escaped(problem))
if not registry.cards:
    st.error(
        "There are no checkpoints to explore. Train one with `python -m vae_core train --recipe mnist-vae-2`, then reload."
    )
    st.stop()

current = view.current(registry, page.url_path)
for name in view.unknown_models():
    st.toast(escaped(f"There is no model {printable(name[:80])} here; another one is shown."), duration="long")
if view.has_invalid_point():
    st.toast("The address has no point that fits this model; its first point is shown.", duration="long")
chosen = sidebar(registry, current)
if chosen != current:
    view.show(chosen)

page.run()

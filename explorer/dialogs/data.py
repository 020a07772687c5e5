"""The data sets: which are on this computer, and a way to get those that are not."""

import streamlit as st

from explorer.services import datasets
from explorer.services.jobs import JobError
from explorer.services.text import plain


@st.dialog("Data sets", width="large")
def show() -> None:
    """Opens on all of them."""
    st.caption(
        "Maps, pads and figures come with the models and need no images. With a data set's images here, pages show the "
        "originals beside what models make of them, and models can be trained on them."
    )
    _table()


@st.fragment(run_every=1.0)
def _table() -> None:
    for found in datasets.table():
        text, action = st.columns([4, 1], vertical_alignment="center")
        mark = ":material/check_circle:" if found.ready else ":material/cloud_download:"
        text.markdown(f"{mark} **{plain(found.title)}**  \n{plain(found.about)}")
        if found.fetching:
            text.progress(found.share, plain(found.what))
            if action.button("Stop", key=f"data-stop-{found.name}", width="stretch"):
                datasets.stop(found.name)
        elif not found.ready and found.fetchable:
            problem = st.session_state.get(f"data-problem-{found.name}") or found.problem
            if problem:
                text.warning(plain(problem))
            if action.button("Fetch", key=f"data-fetch-{found.name}", width="stretch"):
                try:
                    datasets.fetch(found.name)
                    st.session_state.pop(f"data-problem-{found.name}", None)
                except JobError as error:
                    st.session_state[f"data-problem-{found.name}"] = str(error)
                st.rerun(scope="fragment")

"""The dialog Data sets: which data sets are on this computer, and buttons to fetch the others."""

import streamlit as st

from explorer.services import datasets
from explorer.services.jobs import JobError
from explorer.services.text import escaped


@st.dialog("Data sets", width="large")
def show() -> None:
    """Opens the dialog."""
    st.caption(
        "Maps, pads and metrics come with the models and need no images. With the images of a data set, pages show "
        "originals beside reconstructions, and models can be trained further."
    )
    _table()


@st.fragment(run_every=1.0)
def _table() -> None:
    for status in datasets.statuses():
        text, action = st.columns([4, 1], vertical_alignment="center")
        icon = ":material/check_circle:" if status.ready else ":material/cloud_download:"
        text.markdown(f"{icon} **{escaped(status.title)}**  \n{escaped(status.about)}")
        if status.fetching:
            text.progress(status.share, escaped(status.activity))
            if action.button("Stop", key=f"data-stop-{status.name}", width="stretch"):
                datasets.stop(status.name)
        elif not status.ready and status.fetchable:
            problem = st.session_state.get(f"data-problem-{status.name}") or status.problem
            if problem:
                text.warning(escaped(problem))
            if action.button("Fetch", key=f"data-fetch-{status.name}", width="stretch"):
                try:
                    datasets.fetch(status.name)
                    st.session_state.pop(f"data-problem-{status.name}", None)
                except JobError as error:
                    st.session_state[f"data-problem-{status.name}"] = str(error)
                st.rerun(scope="fragment")

"""The fifth page: train a model further and watch it change; keep what comes of it, or not."""

import streamlit as st

from explorer.panels.new_run import new_run
from explorer.panels.run import live_run, run_pictures, run_terms
from explorer.panels.run_outcome import run_outcome
from explorer.services import models, runs, view
from explorer.services.text import plain

labels = runs.labels()
names = list(labels)
current = st.session_state.view
chosen = current.run if current.run in names else next(iter(runs.under_way()), "")
with st.expander("A new run", expanded=not chosen):
    new_run(models.shelf(), current)
if said := st.session_state.pop("tune-said", None):
    st.success(said)
if names:
    listed = st.selectbox(
        "Run",
        names,
        names.index(chosen) if chosen else None,
        format_func=labels.get,
        placeholder="Choose a run to look at",
        # A box that a person has emptied would stay empty, whatever is chosen elsewhere.
        key=f"tune-run-{chosen}",
    )
    if listed and listed != current.run:
        view.show_run(listed)
    run = runs.find(listed) if listed else None
    if run is not None:
        if run.about:
            st.caption(plain(f"{run.about} {run.note}".strip()))
        if run.refused:
            count = "1 file was not used" if run.refused == 1 else f"{run.refused:,} files were not used"
            st.warning("  \n".join([f"{count}:", *(plain(line) for line in run.refused_lines)]))
        if run.under_way:
            live_run(listed)
        else:
            run_outcome(run)
            run_terms(run)
            run_pictures(run)
else:
    st.caption(
        "A short run shows how a latent space re-forms: raise beta and codes are drawn together, train on other images and the "
        "model forgets the ones that it knew."
    )

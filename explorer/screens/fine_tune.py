"""The page Fine-tune: train a model further, watch it change, and save or discard the result."""

import streamlit as st

from explorer.panels.new_run import new_run
from explorer.panels.run_outcome import run_outcome
from explorer.panels.run_progress import live_run, run_snapshots, run_terms
from explorer.services import models, runs, view
from explorer.services.text import escaped

labels = runs.labels()
names = list(labels)
current = st.session_state.view
chosen = current.run if current.run in names else next(iter(runs.under_way()), "")
with st.expander("A new run", expanded=not chosen):
    new_run(models.registry(), current)
if message := st.session_state.pop("tune-message", None):
    st.success(message)
if names:
    selected = st.selectbox(
        "Run",
        names,
        names.index(chosen) if chosen else None,
        format_func=labels.__getitem__,
        placeholder="Choose a run",
        # With a fixed key, a box that the user has cleared would stay empty whatever is chosen elsewhere.
        key=f"tune-run-{chosen}",
    )
    if selected and selected != current.run:
        view.show_run(selected)
    run = runs.find(selected) if selected else None
    if selected and run is not None:
        if run.about:
            st.caption(escaped(f"{run.about} {run.note}".strip()))
        if run.refused:
            count = "1 file was not used" if run.refused == 1 else f"{run.refused:,} files were not used"
            st.warning("  \n".join([f"{count}:", *(escaped(line) for line in run.refused_lines)]))
        if run.under_way:
            live_run(selected)
        else:
            run_outcome(run)
            run_terms(run)
            run_snapshots(run)
else:
    st.caption(
        "A short run shows how a latent space changes: raise beta and the codes move together; train on other images and "
        "the model forgets the old ones."
    )

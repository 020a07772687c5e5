"""The dialog Models: what each model of a data set is, how it was trained and how good it is.

The user's own models can be opened, renamed and deleted.
"""

import streamlit as st

from explorer.components.loss_chart import loss_chart
from explorer.components.metric_table import MetricRow, metric_table
from explorer.payloads.loss_chart import traces
from explorer.services import comparisons, models, runs, user_models
from explorer.services.text import escaped, widget_key
from explorer.services.user_models import UserModelError


@st.dialog("Models", width="large")
def show(data: str, name: str) -> None:
    """Opens the dialog with the model of that name."""
    with st.expander("Open a checkpoint of your own"):
        _open()
    registry = models.registry()
    cards = registry.of(data)
    names = [card.name for card in cards]
    chosen = st.selectbox(
        "Model",
        names,
        names.index(name) if name in names else 0,
        format_func=registry.titles(data).__getitem__,
        key="card-of",
    )
    if chosen is not None:
        _card(registry.card(chosen))


def _card(card: models.ModelCard) -> None:
    st.caption(escaped(card.summary))
    left, right = st.columns(2, gap="medium")
    for column, (title, facts) in zip((left, right), models.facts(card), strict=True):
        column.markdown(f"**{title}**")
        column.markdown("\n".join(f"- {escaped(name)}: {escaped(value)}" for name, value in facts) or "- not known")
    metrics = [metric for metric in comparisons.metrics_shown(card.shows_images) if metric.name in card.metrics]
    if metrics:
        cells = [comparisons.formatted(card.metrics, metric) for metric in metrics]
        metric_table(metrics, [MetricRow("Held-out images", "", "", cells, [False] * len(cells))])
    training, validation = runs.stored_curves(card.training)
    if len(training) > 1:
        # The first steps are far above the others.
        curves = traces(training, validation)
        loss_chart(curves, widget_key("card", card.name), steps=training[-1].step, log=True, height=240, per_row=2)
    if not card.own:
        return
    name, rename, delete = st.columns([3, 1, 1], vertical_alignment="bottom")
    new = name.text_input("Name", card.name[:60], max_chars=60, key=widget_key("card-name", card.name))
    if rename.button("Rename", key="card-rename", width="stretch", disabled=new == card.name):
        _act(user_models.rename, card.name, new)
    confirm = widget_key("card-delete", card.name)
    if not st.session_state.get(confirm):
        if delete.button("Delete", key="card-delete", width="stretch"):
            st.session_state[confirm] = True
            st.rerun(scope="fragment")
    elif delete.button("Delete permanently", key="card-delete-confirm", type="primary", width="stretch"):
        del st.session_state[confirm]
        _act(user_models.delete, card.name)


def _open() -> None:
    file = st.file_uploader("A .safetensors file that Latent Explorer wrote", ["safetensors"], key="card-file")
    if file is None or st.session_state.get("card-imported") == file.file_id:
        return
    st.session_state["card-imported"] = file.file_id
    _act(user_models.import_checkpoint, file.getvalue(), file.name)


def _act(action, *arguments) -> None:
    """Performs an action on the user's models, and shows the reason where it fails."""
    try:
        result = action(*arguments)
    except UserModelError as error:
        st.error(escaped(str(error)))
        return
    if result is not None:
        st.session_state["sidebar-choose"] = (result,)
    st.rerun()

"""The models of a data set: what each is, how it was trained, how good it is; one's own opened, renamed and deleted."""

import streamlit as st

from explorer.components.figure_table import Column, Line, figure_table
from explorer.components.loss_chart import Trace, loss_chart
from explorer.services import comparisons, models, own_models
from explorer.services.own_models import OwnModelError
from explorer.services.text import key_of, plain


@st.dialog("Models", width="large")
def show(data: str, name: str) -> None:
    """Opens on the model of that name."""
    with st.expander("Open a checkpoint of your own"):
        _open()
    shelf = models.shelf()
    cards = shelf.of(data)
    names = [card.name for card in cards]
    chosen = st.selectbox(
        "Model",
        names,
        names.index(name) if name in names else 0,
        format_func=shelf.titles(data).get,
        key="card-of",
    )
    if chosen is not None:
        _card(shelf.card(chosen))


def _card(card: models.Card) -> None:
    st.caption(plain(card.summary))
    left, right = st.columns(2, gap="medium")
    for column, (title, facts) in zip((left, right), models.facts(card), strict=True):
        column.markdown(f"**{title}**")
        column.markdown("\n".join(f"- {plain(name)}: {plain(value)}" for name, value in facts) or "- not known")
    figures = [figure for figure in comparisons.FIGURES if figure.name in card.metrics]
    if figures:
        cells = [comparisons.shown(card.metrics, figure) for figure in figures]
        columns = [Column(figure.title, comparisons.unit(figure), figure.about) for figure in figures]
        figure_table(columns, [Line("Held-out images", "", "", cells, [False] * len(cells))])
    curve = [point for point in card.training.get("curve", []) if isinstance(point, dict)]
    if len(curve) > 1:
        steps = [point.get("step") for point in curve]
        seen = [point.get("train_loss") for point in curve], [point.get("validation_loss") for point in curve]
        trace = Trace("Loss", steps, seen[0], steps, seen[1])
        # The first steps are far above the rest; a likelihood that is a density may go below 0, where there is no logarithm.
        log = min((value for values in seen for value in values if value is not None), default=0) > 0
        loss_chart([trace], key_of("card", card.name), steps=steps[-1], log=log, height=240)
    if not card.own:
        return
    name, rename, delete = st.columns([3, 1, 1], vertical_alignment="bottom")
    new = name.text_input("Name", card.name[:60], max_chars=60, key=key_of("card-name", card.name))
    if rename.button("Rename", key="card-rename", width="stretch", disabled=new == card.name):
        _act(own_models.rename, card.name, new)
    sure = key_of("card-delete", card.name)
    if not st.session_state.get(sure):
        if delete.button("Delete", key="card-delete", width="stretch"):
            st.session_state[sure] = True
            st.rerun(scope="fragment")
    elif delete.button("Delete for good", key="card-delete-sure", type="primary", width="stretch"):
        del st.session_state[sure]
        _act(own_models.delete, card.name)


def _open() -> None:
    file = st.file_uploader("A .safetensors file that this project wrote", ["safetensors"], key="card-file")
    if file is None or st.session_state.get("card-taken") == file.file_id:
        return
    st.session_state["card-taken"] = file.file_id
    _act(own_models.take_in, file.getvalue(), file.name)


def _act(what, *given) -> None:
    """Does it, and says why where it cannot be done."""
    try:
        found = what(*given)
    except OwnModelError as error:
        st.error(plain(str(error)))
        return
    if found is not None:
        st.session_state["sidebar-choose"] = (found,)
    st.rerun()

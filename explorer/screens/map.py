"""The page Map: all held-out codes of a model as points, coloured by class, error or rate."""

import dataclasses

import streamlit as st

from explorer.components.point_map import point_map
from explorer.payloads.point_map import map_payload
from explorer.services import models, projections, uploads, view
from explorer.services.text import counted, escaped, widget_key

current = st.session_state.view
registry = models.registry()
card = registry.card(current.lead)

left, right = st.columns([2, 3], vertical_alignment="top")
with left:
    names = list(projections.METHODS)
    name = st.segmented_control(
        "Map by",
        names,
        default=current.map.method,
        format_func=lambda name: projections.METHODS[name].title,
        required=True,
        key="map-method",
    )
method = projections.METHODS[name]
previous = dict(current.map.parameters) if name == current.map.method else {}
parameters = {}
if method.parameters:
    with right:
        for column, parameter in zip(st.columns(len(method.parameters)), method.parameters, strict=True):
            kind = int if parameter.whole else float
            parameters[parameter.name] = column.slider(
                parameter.title,
                kind(parameter.low),
                kind(parameter.high),
                kind(previous.get(parameter.name, parameter.default)),
                help=parameter.about,
                key=f"map-{name}-{parameter.name}",
            )
st.caption(f"{method.about} ({method.source})")

settings = view.MapSettings(name, tuple(sorted(parameters.items())))
if settings != current.map:
    current = dataclasses.replace(current, map=settings, picked=None, lasso=())
    view.show(current)

try:
    projection = projections.find(card, name, parameters)
except ValueError as error:
    st.info(escaped(f"{card.title}: {error} Choose another model in the sidebar."))
    st.stop()


@st.fragment(run_every=0.5)
def wait() -> None:
    """Shows the progress of the job that computes the map, and a button to stop it."""
    state = projections.find(card, name, parameters)
    if not isinstance(state, projections.PendingProjection) or not state.under_way:
        st.rerun()
    progress = "Starting" if state.share == 0 else f"{method.title}: {state.share:.0%}"
    st.progress(state.share, f"{progress}. You can leave this page; the map is stored for your next visit.")
    if state.job is not None and st.button("Stop", key="map-stop"):
        state.job.stop()


if isinstance(projection, projections.PendingProjection):
    if projection.under_way:
        wait()
    else:
        message = {
            "absent": "",
            "stopped": "This map was stopped before it was finished. ",
            "failed": f"This map could not be drawn: {projection.message} ",
            "dead": "The process that drew this map has disappeared, as when a computer is shut down. ",
        }[projection.state]
        if message:
            (st.error if projection.state in ("failed", "dead") else st.info)(escaped(message))
        n = card.metrics.get("n")
        codes = counted(n, "held-out code") if isinstance(n, int) else "all held-out codes"
        st.write(f"This map of {codes} has not been drawn yet. It takes a few seconds to some minutes, once.")
        if st.button(f"Draw the {method.title} map", type="primary", key="map-draw"):
            try:
                projections.start(card, name, parameters)
            except RuntimeError as error:
                st.error(escaped(str(error)))
                st.stop()
            st.rerun()
    st.stop()

key = widget_key("map", card.name)
start = view.start(key)
payload = map_payload(card, projection, start if start.map == settings else current, uploads.upload_codes([card], current))
state = point_map(payload, key=key)
if state is not None:
    selection = state.selection or {}
    lasso = tuple((float(a), float(b)) for a, b in selection.get("polygon", ()))
    view.show(dataclasses.replace(current, colour=state.colour, picked=selection.get("image"), lasso=lasso))
noun = card.config.modelled.noun
dot = (
    f"a test {noun}"
    if card.trained_before
    else f"{'an' if noun[0] in 'aeiou' else 'a'} {noun} that the model was not trained on"
)
st.caption(
    f"Each dot is {dot}. Drag to move, scroll or pinch to zoom. Rest the pointer on a dot "
    f"to see its {noun} and the reconstruction. Click a dot, or draw around several with the lasso (or Shift), to list them."
)

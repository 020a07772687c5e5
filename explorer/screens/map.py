"""The second page: all held-out codes of a model as a map, to look through by class, error and KL."""

import dataclasses

import streamlit as st

from explorer.components.point_map import point_map
from explorer.services import models, point_maps, projections, uploads, view
from explorer.services.text import counted, key_of, plain

current = st.session_state.view
shelf = models.shelf()
card = shelf.card(current.lead)

left, right = st.columns([2, 3], vertical_alignment="top")
with left:
    names = list(projections.METHODS)
    method = st.segmented_control(
        "Map by",
        names,
        default=current.map.method,
        format_func=lambda name: projections.METHODS[name].title,
        required=True,
        key="map-method",
    )
chosen = projections.METHODS[method]
given = dict(current.map.parameters) if method == current.map.method else {}
parameters = {}
if chosen.parameters:
    with right:
        for column, parameter in zip(st.columns(len(chosen.parameters)), chosen.parameters, strict=True):
            kind = int if parameter.whole else float
            parameters[parameter.name] = column.slider(
                parameter.title,
                kind(parameter.low),
                kind(parameter.high),
                kind(given.get(parameter.name, parameter.default)),
                help=parameter.about,
                key=f"map-{method}-{parameter.name}",
            )
st.caption(f"{chosen.about} ({chosen.source})")

asked = view.Map(method, tuple(sorted(parameters.items())))
if asked != current.map:
    current = dataclasses.replace(current, map=asked, picked=None, lasso=())
    view.show(current)

try:
    found = projections.find(card, method, parameters)
except ValueError as error:
    st.info(plain(f"{card.title}: {error} Choose another model in the sidebar."))
    st.stop()


@st.fragment(run_every=0.5)
def wait() -> None:
    """The map is being drawn by a worker: how far it is, and a way to stop it."""
    state = projections.find(card, method, parameters)
    if not isinstance(state, projections.Wait) or not state.under_way:
        st.rerun()
    words = "A worker is starting" if state.share == 0 else f"{chosen.title}: {state.share:.0%}"
    st.progress(state.share, f"{words}. You can go elsewhere meanwhile; the map is kept for the next visit.")
    if st.button("Stop", key="map-stop"):
        state.job.stop()


if isinstance(found, projections.Wait):
    if found.under_way:
        wait()
    else:
        said = {
            "absent": "",
            "stopped": "The drawing of this map was stopped. ",
            "failed": f"This map could not be drawn: {found.message} ",
            "dead": "The worker that drew this map has ended without a word, as when a computer is shut down. ",
        }[found.state]
        if said:
            (st.error if found.state in ("failed", "dead") else st.info)(plain(said))
        n = card.metrics.get("n")
        codes = counted(n, "held-out code") if isinstance(n, int) else "all held-out codes"
        st.write(f"This map of {codes} has not been drawn yet. It takes seconds to some minutes, once.")
        if st.button(f"Draw the {chosen.title} map", type="primary", key="map-draw"):
            try:
                projections.draw(card, method, parameters)
            except RuntimeError as error:
                st.error(plain(str(error)))
                st.stop()
            st.rerun()
    st.stop()

shown_as = key_of("map", card.name)
start = view.start(shown_as)
payload = point_maps.point_map_of(card, found, start if start.map == asked else current, uploads.probes([card]))
state = point_map(payload, key=shown_as)
if state is not None:
    chosen_now = state.selection or {}
    lasso = tuple((float(a), float(b)) for a, b in chosen_now.get("polygon", ()))
    view.show(dataclasses.replace(current, colour=state.colour, picked=chosen_now.get("image"), lasso=lasso))
dot = "a test image" if card.trained_before else "an image that the model was not trained on"
st.caption(
    f"Each dot is {dot}. Drag to move, scroll or pinch to zoom, rest on a dot to see its "
    "image and how the model rebuilds it; click one, or draw round some with the lasso (or Shift), to line them up."
)

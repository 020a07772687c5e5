"""What the point map is given for a model: a map of its held-out codes, their errors, and the images where they are at hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from explorer.components.point_map import Colouring, MapData
from explorer.services import datasets, models, programs
from explorer.services.models import Card
from explorer.services.uploads import NO_PROBES, Probes
from explorer.services.view import View
from vae_core.projection import Projection

KEPT = 6
"""Maps as sent to the page that stay in memory."""
ORIGINALS_BYTES = 32 * 2**20


def point_map_of(card: Card, found: Projection, start: View, probes: Probes = NO_PROBES) -> bytes:
    """The map as it is sent to the page, coloured and with those chosen as `start` says."""
    selection: dict[str, Any] | None = None
    if start.lasso:
        selection = {"polygon": [list(corner) for corner in start.lasso]}
    elif start.picked is not None and start.picked < len(found.points):
        selection = {"image": start.picked}
    key = (card.name, models.stamp(card.name), found.method, str(found.parameters), datasets.absent(card))
    if not probes.names:
        return _bytes(*key, found, start.colour, selection)
    # A person's own images are their session's alone, so they are in nothing that sessions share.
    base = _started(_build(*key, found), start.colour, selection)
    return replace(base, probes=probes.names, probe_points=found.place(probes.codes[card.name])).to_bytes()


@st.cache_data(max_entries=KEPT, show_spinner=False)
def _bytes(
    name: str,
    stamp: int,
    method: str,
    parameters: str,
    absent: str,
    _found: Projection,
    colour: int,
    selection: dict[str, Any] | None,
) -> bytes:
    return _started(_build(name, stamp, method, parameters, absent, _found), colour, selection).to_bytes()


def _started(data: MapData, colour: int, selection: dict[str, Any] | None) -> MapData:
    return replace(data, colour=colour if colour < len(data.colourings) else -1, selection=selection)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _build(name: str, stamp: int, method: str, parameters: str, absent: str, _found: Projection) -> MapData:
    card, checkpoint = models.shelf().card(name), models.load(name)
    program, _ = programs.decoder(checkpoint.model)
    held_out = checkpoint.held_out
    classes = tuple(str(c) for c in checkpoint.data.get("classes", ()))
    labels = held_out.labels.numpy() if classes and held_out.labels is not None else None
    colourings = []
    if held_out.mse is not None:
        colourings.append(Colouring("Reconstruction error", held_out.mse.numpy(), "MSE"))
    if held_out.rate is not None:
        colourings.append(Colouring("KL", held_out.rate.numpy(), "nats"))
    originals = datasets.originals(card.source, card.fingerprint)
    if originals is not None:
        originals = originals[: min(len(held_out.codes), ORIGINALS_BYTES // originals[0].nbytes)]
    return MapData(
        points=_found.points,
        codes=held_out.codes.numpy(),
        # Without one a page shows no rebuilt images.
        program=b"" if program is None else program.to_bytes(),
        image=card.config.image,
        identity=f"{card.fingerprint}-{len(held_out.codes)}",
        title=f"{card.title} on {card.data_title}",
        labels=labels,
        classes=classes,
        colourings=colourings,
        originals=originals,
        absent=absent,
        smooth=card.config.image[0] == 3,
    )

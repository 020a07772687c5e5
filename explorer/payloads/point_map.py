"""The point map's payload: projected codes of held-out images, errors and rates, and the images where available."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from explorer.components.point_map import Colouring, MapData
from explorer.services import codes, datasets, models, observations, programs
from explorer.services.metrics import METRICS
from explorer.services.models import ModelCard
from explorer.services.projections import Projection
from explorer.services.uploads import NO_UPLOADS, UploadCodes
from explorer.services.view import View

MAX_CACHED = 6
"""Number of maps whose payloads stay in memory."""
ORIGINALS_BYTES = 32 * 2**20
"""Largest size of the held-out images in a payload. The first images are sent."""


def map_payload(card: ModelCard, projection: Projection, start: View, uploads: UploadCodes = NO_UPLOADS) -> bytes:
    """The payload of a model's map, with the colouring and the selection that `start` says."""
    selection: dict[str, Any] | None = None
    if start.lasso:
        selection = {"polygon": [list(corner) for corner in start.lasso]}
    elif start.picked is not None and start.picked < len(projection.points):
        selection = {"image": start.picked}
    version, parameters = models.file_version(card.name), str(projection.parameters)
    key = (card.name, version, projection.method, parameters, datasets.reason_missing(card))
    if not uploads.names:
        return _bytes(*key, projection, start.colour, selection)
    # Uploaded images belong to one session, so they are in no cache that sessions share.
    placed = codes.vectors(card, uploads.codes[card.name])
    base = _started(_data(*key, projection), start.colour, selection)
    return replace(base, uploads=uploads.names, upload_points=projection.place(placed)).to_bytes()


@st.cache_data(max_entries=MAX_CACHED, show_spinner=False)
def _bytes(
    name: str,
    version: int,
    method: str,
    parameters: str,
    reason_missing: str,
    _projection: Projection,
    colour: int,
    selection: dict[str, Any] | None,
) -> bytes:
    return _started(_data(name, version, method, parameters, reason_missing, _projection), colour, selection).to_bytes()


def _started(data: MapData, colour: int, selection: dict[str, Any] | None) -> MapData:
    return replace(data, colour=colour if colour < len(data.colourings) else -1, selection=selection)


@st.cache_resource(max_entries=MAX_CACHED, show_spinner=False)
def _data(name: str, version: int, method: str, parameters: str, reason_missing: str, _projection: Projection) -> MapData:
    card = models.registry().card(name)
    program, _ = programs.decoder(models.load(name).model)
    stored = codes.held_out_codes(card)
    colourings = []
    if stored.errors is not None:
        colourings.append(Colouring("Reconstruction error", stored.errors, METRICS["mse"].title))
    if stored.rates is not None:
        colourings.append(Colouring(METRICS["rate"].title, stored.rates, METRICS["rate"].unit))
    originals = datasets.originals(card)
    if originals is not None:
        originals = originals[: min(len(stored.codes), ORIGINALS_BYTES // originals[0].nbytes)]
        originals = originals.reshape(len(originals), *observations.frame(card)) if originals.ndim == 2 else originals
    return MapData(
        points=_projection.points,
        codes=stored.codes.reshape(len(stored.codes), -1),
        # Without a program the page shows no reconstructions.
        program=b"" if program is None else program.to_bytes(),
        image=observations.frame(card),
        characters=observations.characters(card),
        identity=f"{card.fingerprint}-{len(stored.codes)}",
        title=f"{card.title} on {card.data_title}",
        labels=stored.labels,
        classes=stored.classes,
        colourings=colourings,
        originals=originals,
        reason_missing=reason_missing,
        smooth=observations.is_smooth(card),
    )

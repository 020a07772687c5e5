"""What the point map is given for a model: a map of its held-out codes, their errors, and the images where they are at hand."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.components.point_map import Colouring, MapData
from explorer.services import datasets, models
from explorer.services.models import Card
from explorer.services.view import View
from vae_core.export import decoder_program
from vae_core.projection import Projection

KEPT = 6
"""Maps as sent to the page that stay in memory."""
ORIGINALS_BYTES = 32 * 2**20


def point_map_of(card: Card, found: Projection, start: View) -> bytes:
    """The map as it is sent to the page, coloured and with those chosen as `start` says."""
    selection: dict[str, Any] | None = None
    if start.lasso:
        selection = {"polygon": [list(corner) for corner in start.lasso]}
    elif start.picked is not None and start.picked < len(found.points):
        selection = {"image": start.picked}
    return _build(card.name, models.stamp(card.name), found.method, str(found.parameters), found, start.colour, selection)


@st.cache_data(max_entries=KEPT, show_spinner=False)
def _build(
    name: str, stamp: int, method: str, parameters: str, _found: Projection, colour: int, selection: dict[str, Any] | None
) -> bytes:
    card, checkpoint = models.shelf().card(name), models.load(name)
    held_out = checkpoint.held_out
    classes = tuple(str(c) for c in checkpoint.data.get("classes", ()))
    labels = held_out.labels.numpy() if classes and held_out.labels is not None else None
    colourings = []
    if held_out.mse is not None:
        colourings.append(Colouring("Reconstruction error", held_out.mse.numpy(), "MSE"))
    if held_out.rate is not None:
        colourings.append(Colouring("KL", held_out.rate.numpy(), "nats"))
    originals = datasets.originals(card.data, card.fingerprint)
    if originals is not None:
        originals = originals[: min(len(held_out.codes), ORIGINALS_BYTES // originals[0].nbytes)]
    return MapData(
        points=_found.points,
        codes=held_out.codes.numpy(),
        program=decoder_program(checkpoint.model).to_bytes(),
        image=card.config.image,
        identity=f"{card.fingerprint}-{len(held_out.codes)}",
        title=f"{card.title} on {card.data_title}",
        labels=labels,
        classes=classes,
        colourings=colourings,
        originals=originals,
        colour=colour if colour < len(colourings) else -1,
        selection=selection,
        smooth=card.config.image[0] == 3,
    ).to_bytes()

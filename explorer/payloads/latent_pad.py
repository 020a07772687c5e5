"""The latent pad's payload: the models' decoders, their codes of the held-out images, and the view to start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from explorer.components.latent_pad import FOLDER, PadData, PadModel, PadServer, PadState
from explorer.components.standalone import standalone
from explorer.services import codes, datasets, models, observations, programs
from explorer.services.models import ModelCard
from explorer.services.uploads import NO_UPLOADS, UploadCodes
from explorer.services.view import View
from explorer.web import routes, session_tokens

MAX_CACHED = 8
"""Number of model selections whose payloads stay in memory."""
ORIGINALS_BYTES = 4 * 2**20
"""Largest size of the held-out images in a payload. The first images are sent."""
EXPORTED_CODES, EXPORTED_ORIGINALS = 2**19, 2**18
"""Largest sizes, in bytes, of the codes with their standard deviations and of the held-out images in an exported file."""


def compatible(cards: Sequence[ModelCard]) -> tuple[list[ModelCard], list[ModelCard]]:
    """The models that the pad can show together with the first one, and the others.

    Models go together if they have codes of the same held-out images.
    """
    first = cards[0]
    fits = [card for card in cards if (card.fingerprint, card.config.modelled) == (first.fingerprint, first.config.modelled)]
    return fits, [card for card in cards if card not in fits]


def pad_payload(cards: Sequence[ModelCard], start: View, uploads: UploadCodes = NO_UPLOADS) -> bytes:
    """The payload for compatible models. The handle starts where `start` says."""
    state = _state(start)
    names = tuple((card.name, models.file_version(card.name)) for card in cards)
    has_originals = datasets.has_originals(cards[0])
    data = _data(names, has_originals)
    on_server = any(model.where == "server" for model in data.models)
    if not uploads.names and not on_server:
        return _bytes(names, has_originals, state)
    # Uploaded images and the session token belong to one session, so they are in no cache that sessions share.
    if on_server:
        data = replace(data, server=PadServer(routes.decoder_path(), session_tokens.session_token()))
    if not uploads.names:
        return replace(data, start=state).to_bytes()
    with_uploads = [
        replace(model, uploads=uploads.codes[model.name], upload_scales=uploads.scales.get(model.name)) for model in data.models
    ]
    return replace(data, models=with_uploads, uploads=uploads.names, start=state).to_bytes()


def _state(view: View) -> PadState:
    return PadState(view.lead, view.plane, view.z, view.same, view.display, view.overlay, view.condition)


def reasons_for_server(cards: Sequence[ModelCard]) -> str:
    """Why a page cannot run all of these models by itself, in sentences; empty where it can."""
    reasons = {card.title: _export_problem(card.name, models.file_version(card.name)) for card in cards}
    return " ".join(f"A page cannot run {title} by itself: {reason}" for title, reason in reasons.items() if reason)


@st.cache_data(max_entries=models.MODELS_IN_MEMORY, show_spinner=False)
def _export_problem(name: str, version: int) -> str:
    return programs.decoder(models.load(name).model)[1]


def html_page(cards: Sequence[ModelCard], start: View) -> bytes:
    """The pad as one HTML file that opens from disk.

    It has float16 weights, as many held-out images as fit into a small file, and no uploaded images.
    """
    names = tuple((card.name, models.file_version(card.name)) for card in cards)
    data = replace(_exported(_data(names, datasets.has_originals(cards[0]))), start=_state(start)).to_bytes()
    titles = " and ".join(card.title for card in cards)
    about = " ".join(models.explain(card) for card in cards)
    return standalone(FOLDER, "pad", data, f"{titles} on {cards[0].data_title}", about).encode()


def _exported(data: PadData) -> PadData:
    widest = max(model.latent for model in data.models)
    count = EXPORTED_CODES // (6 * widest)
    smaller = [
        replace(
            model,
            where="auto",
            program=_small_program(model.name),
            codes=model.codes[:count],
            scales=None if model.scales is None else model.scales[:count],
            errors=None if model.errors is None else model.errors[:count],
        )
        for model in data.models
    ]
    labels = None if data.labels is None else data.labels[:count]
    attributes = None if data.attributes is None else data.attributes[:count]
    originals = data.originals
    if originals is not None:
        originals = originals[: min(count, max(1, EXPORTED_ORIGINALS // originals[0].nbytes))]
    return replace(data, models=smaller, labels=labels, attributes=attributes, originals=originals)


def _small_program(name: str) -> bytes:
    """The decoder's program with small weights. Raises ValueError where a page cannot run the model."""
    program, reason = programs.small_decoder(models.load(name).model)
    if program is None:
        raise ValueError(reason)
    return program.to_bytes()


@st.cache_data(max_entries=MAX_CACHED, show_spinner=False)
def _bytes(names: tuple[tuple[str, int], ...], has_originals: bool, start: PadState) -> bytes:
    return replace(_data(names, has_originals), start=start).to_bytes()


@st.cache_resource(max_entries=MAX_CACHED, show_spinner=False)
def _data(names: tuple[tuple[str, int], ...], has_originals: bool) -> PadData:
    registry = models.registry()
    cards = [registry.card(name) for name, _ in names]
    first = cards[0]
    stored = codes.held_out_codes(first)
    count = len(stored.codes)
    attributes, attribute_names = (datasets.attributes(first.source, first.fingerprint) if count else None) or (None, ())
    return PadData(
        models=[_model(card) for card in cards],
        image=observations.frame(first),
        characters=observations.characters(first),
        labels=stored.labels,
        classes=stored.classes,
        originals=_first_originals(first, count),
        attributes=None if attributes is None else attributes[:count],
        attribute_names=[name.replace("_", " ") for name in attribute_names],
        smooth=observations.is_smooth(first),
    )


def _model(card: ModelCard) -> PadModel:
    stored, style, prior = codes.held_out_codes(card), models.style_of(card), models.has_prior(card)
    model = models.load(card.name).model
    decoder = programs.page_decoder(model)
    plane, explained = codes.principal_plane(stored.codes)
    return PadModel(
        name=card.name,
        title=card.title,
        identity=decoder.identity,
        program=decoder.program,
        where=decoder.location,
        sampling=decoder.sampling,
        macs=decoder.macs,
        latent=card.config.latent,
        space=card.config.posterior.space,
        codes=stored.codes,
        order=codes.dimension_order(card, stored.codes),
        dimensions=codes.dimension_labels(card),
        scales=stored.scales,
        no_spread=codes.reason_without_spread(card),
        errors=stored.errors,
        unused=codes.unused_dimensions(card, stored.codes),
        prior=prior,
        prior_title=card.config.prior.title,
        details=model.detail_size,
        conditions=models.conditions(card),
        fitted=codes.fitted_gaussian(card),
        prior_draws=codes.prior_draws(card),
        independent=card.config.posterior.is_independent,
        principal=plane,
        explained=explained,
        colour=style["colour"],
        marker=style["marker"],
    )


def _first_originals(card: ModelCard, count: int) -> np.ndarray | None:
    originals = datasets.originals(card) if count else None
    if originals is None:
        return None
    first = originals[: min(count, max(1, ORIGINALS_BYTES // originals[0].nbytes))]
    return first.reshape(len(first), *observations.frame(card)) if first.ndim == 2 else first

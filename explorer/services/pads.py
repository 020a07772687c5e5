"""What the latent pad is given for some models: their programs, their codes of the held-out images, and where to begin."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from explorer.components.latent_pad import HERE as PAD
from explorer.components.latent_pad import PadData, PadModel, PadServer, PadState, Where
from explorer.components.standalone import standalone
from explorer.services import datasets, models, options, programs, routes, tokens
from explorer.services.models import Card
from explorer.services.uploads import NO_PROBES, Probes
from explorer.services.view import View
from vae_core.export import drawing
from vae_core.metrics import activity
from vae_core.models.flat import Autoencoder
from vae_core.projection import principal

KEPT = 8
"""Pads of so many choices of models stay in memory."""
ORIGINALS_BYTES = 4 * 2**20
"""Of the held-out images that travel with a pad: the first ones."""
HEAVY = 60_000_000
"""Multiply-adds of a decode beyond which a page would lag behind the hand: the server decodes instead."""
EXPORTED_CODES, EXPORTED_ORIGINALS = 2**19, 2**18
"""Bytes of codes, each with its spread, and of images in a file of its own."""


def together(cards: Sequence[Card]) -> tuple[list[Card], list[Card]]:
    """The models that can follow the first one's gesture, which takes codes of the same held-out images; and the others."""
    first = cards[0]
    fits = [card for card in cards if (card.fingerprint, card.config.image) == (first.fingerprint, first.config.image)]
    return fits, [card for card in cards if card not in fits]


def pad(cards: Sequence[Card], start: View, probes: Probes = NO_PROBES) -> bytes:
    """The pad of models that go together, as it is sent to the page; the handle starts where `start` says."""
    state = PadState(start.lead, start.plane, start.z, start.same, start.look, start.heat)
    names = tuple((card.name, models.stamp(card.name)) for card in cards)
    at_hand = datasets.at_hand(cards[0])
    found = _pad(names, at_hand)
    away = any(model.where == "server" for model in found.models)
    if not probes.names and not away:
        return _bytes(names, at_hand, state)
    # A person's own images and their token are their session's alone, so they are in nothing that sessions share.
    if away:
        found = replace(found, server=PadServer(routes.decoder(), tokens.of_session()))
    if not probes.names:
        return replace(found, start=state).to_bytes()
    with_probes = [
        replace(model, probes=probes.codes[model.name], probe_scales=probes.scales.get(model.name)) for model in found.models
    ]
    return replace(found, models=with_probes, probes=probes.names, start=state).to_bytes()


def needs_a_server(cards: Sequence[Card]) -> str:
    """Why a page cannot run all of these models by itself, in a sentence; empty where it can, if need be slowly."""
    reasons = {card.title: _no_program(card.name, models.stamp(card.name)) for card in cards}
    return " ".join(f"A page cannot run {title} by itself: {reason}" for title, reason in reasons.items() if reason)


@st.cache_data(max_entries=models.MODELS_IN_MEMORY, show_spinner=False)
def _no_program(name: str, stamp: int) -> str:
    return programs.decoder(models.load(name).model)[1]


def page(cards: Sequence[Card], start: View) -> bytes:
    """The same pad as one HTML file that opens from disk: weights as float16, and as many of the held-out images as a small
    file holds. A person's own images are not in it."""
    names = tuple((card.name, models.stamp(card.name)) for card in cards)
    found = _exported(_pad(names, datasets.at_hand(cards[0])))
    data = replace(found, start=PadState(start.lead, start.plane, start.z, start.same, start.look, start.heat)).to_bytes()
    titles = " and ".join(card.title for card in cards)
    about = " ".join(models.explain(card) for card in cards)
    return standalone(PAD, "pad", data, f"{titles} on {cards[0].data_title}", about).encode()


def _exported(data: PadData) -> PadData:
    widest = max(model.latent for model in data.models)
    count = EXPORTED_CODES // (6 * widest)
    smaller = [
        replace(
            model,
            where="auto",
            program=_program(models.load(model.name).model),
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


def _program(model: Autoencoder) -> bytes:
    """Raises ValueError where a page cannot run the model."""
    program, reason = programs.small_decoder(model)
    if program is None:
        raise ValueError(reason)
    return program.to_bytes()


@st.cache_data(max_entries=KEPT, show_spinner=False)
def _bytes(names: tuple[tuple[str, int], ...], at_hand: bool, start: PadState) -> bytes:
    return replace(_pad(names, at_hand), start=start).to_bytes()


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _pad(names: tuple[tuple[str, int], ...], at_hand: bool) -> PadData:
    shelf = models.shelf()
    cards = [shelf.card(name) for name, _ in names]
    first = models.load(cards[0].name)
    labels = None if first.held_out is None else first.held_out.labels
    classes = tuple(str(c) for c in first.data.get("classes", ()))
    count = 0 if first.held_out is None else len(first.held_out.codes)
    known, attribute_names = (datasets.attributes(cards[0].source, cards[0].fingerprint) if count else None) or (None, ())
    return PadData(
        models=[_model(card) for card in cards],
        image=cards[0].config.image,
        labels=labels.numpy() if classes and labels is not None else None,
        classes=classes,
        originals=_some_originals(cards[0], count),
        attributes=None if known is None else known[:count],
        attribute_names=[name.replace("_", " ") for name in attribute_names],
        smooth=cards[0].config.image[0] == 3,
    )


def _model(card: Card) -> PadModel:
    checkpoint = models.load(card.name)
    d = card.config.latent
    style = models.style_of(card)
    held_out = checkpoint.held_out
    codes = np.zeros((0, d), np.float32) if held_out is None else held_out.codes.numpy()
    scales, errors = (None, None) if held_out is None else (held_out.scale, held_out.mse)
    capabilities = checkpoint.model.capabilities
    mean, directions, explained = principal(codes) if len(codes) else (np.zeros(d), np.eye(2, d), (0.0, 0.0))
    where, program, macs = _decoder(checkpoint.model)
    return PadModel(
        name=card.name,
        title=card.title,
        identity=_identity(checkpoint.model),
        program=program,
        where=where,
        drawing=drawing(checkpoint.model),
        macs=macs,
        latent=d,
        codes=codes,
        order=order(card, codes),
        dimensions=[_dimension(card, i) for i in range(d)],
        scales=None if scales is None else scales.numpy(),
        errors=None if errors is None else errors.numpy(),
        unused=np.flatnonzero(codes.var(axis=0) <= activity.THRESHOLD) if capabilities.rate and len(codes) else (),
        prior=capabilities.prior,
        fitted=_fitted(checkpoint.model),
        principal=np.vstack([mean, directions]),
        explained=explained,
        colour=style["colour"],
        marker=style["marker"],
    )


def _decoder(model: Autoencoder) -> tuple[Where, bytes, int]:
    """Where a model is decoded, its program where that is not the server, and its multiply-adds."""
    wanted = options.decode()
    program, _ = programs.decoder(model)
    if program is None:
        return "server", b"", 0
    if wanted == "server" or (wanted == "auto" and program.macs > HEAVY):
        return "server", b"", program.macs
    return wanted, program.to_bytes(), program.macs


def _identity(model: Autoencoder) -> str:
    """Of the decoder's weights."""
    digest = hashlib.sha256()
    for name, value in sorted(model.decoder.state_dict().items()):
        digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()[:16]


def _fitted(model: Autoencoder) -> np.ndarray | None:
    """Mean and root of the covariance of the training codes, (1 + d, d); None where there is a prior, or nothing was fitted."""
    root = None if model.capabilities.prior else models.codes_root(model)
    return None if root is None else np.vstack([model.codes_mean.numpy(), root.numpy()])


def order(card: Card, codes: np.ndarray) -> list[int]:
    """The dimensions by their use: by their KL where the model has one of each, else by the variance of the codes."""
    use = _use(card)
    if use is None:
        use = codes.var(axis=0) if len(codes) else np.zeros(card.config.latent)
    return [int(i) for i in np.argsort(-np.asarray(use), kind="stable")]


def _use(card: Card) -> list[float] | None:
    use = card.metrics.get("rate_by_group")
    return use if isinstance(use, list) and len(use) == card.config.latent else None


def _dimension(card: Card, i: int) -> str:
    use = _use(card)
    return f"z{i + 1}" if use is None else f"z{i + 1} (KL {use[i]:.1f} nats)"


def _some_originals(card: Card, count: int) -> np.ndarray | None:
    found = datasets.originals(card.source, card.fingerprint) if count else None
    if found is None:
        return None
    return found[: min(count, max(1, ORIGINALS_BYTES // found[0].nbytes))]

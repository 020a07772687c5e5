"""A person's own images, kept for this session alone and gone with it: read as hostile, prepared for a model, measured."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st
from PIL import Image

from explorer.services import datasets, held_out, models
from explorer.services.models import Card
from vae_core.data.containers import SUFFIXES
from vae_core.data.preparation import FRAMES, LIMITS, Preparation, decoded, prepared, suggested, usual
from vae_core.data.untrusted import RefusedError, shown

__all__ = ["FRAMES", "MOST", "MOST_MB", "TYPES", "Preparation", "Upload"]

TYPES = [suffix for suffixes in SUFFIXES.values() for suffix in suffixes]
"""Endings of the names of files that an uploader takes as pictures."""
MOST_MB = LIMITS.file_bytes // 2**20
"""Megabytes that one picture's file may have."""
MOST = 24
"""Pictures a session holds: each is kept at 512 by 2,048 pixels at most."""
THUMBNAIL = 160
"""Pixels of the longer side of a picture as it is shown beside what is made of it."""
SAMPLE = 500
"""Held-out images by which it is told what pictures for a model look like."""
UNLIKE = 0.99
"""Share of held-out errors above which an image is named as unlike them."""


@dataclass(frozen=True, eq=False)
class Upload:
    """A picture that was accepted."""

    key: str
    """Of its content and its name."""
    name: str
    picture: Image.Image
    how: Preparation | None = None
    """How it is prepared, once a person has said so."""


def held() -> dict[str, Upload]:
    """This session's pictures, in the order in which they came."""
    return st.session_state.setdefault("uploads", {})


def add(files: Sequence[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """Takes in pictures (name, bytes); those that cannot be used come back as (name, reason)."""
    kept, refused = held(), []
    for name, content in files:
        key = hashlib.sha256(name.encode() + b"\0" + content).hexdigest()[:16]
        if key in kept:
            continue
        try:
            if len(kept) >= MOST:
                raise RefusedError(f"there are {MOST} pictures already; remove one first")
            kept[key] = Upload(key, shown(name), decoded(content))
        except RefusedError as reason:
            refused.append((shown(name), str(reason)))
    return refused


def thumbnail(upload: Upload) -> Image.Image:
    """The picture as it came, small."""
    small = upload.picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    return small


def remove(key: str) -> None:
    """Forgets a picture."""
    held().pop(key, None)


def prepare(upload: Upload, how: Preparation) -> None:
    """Keeps how a person wants a picture prepared."""
    held()[upload.key] = replace(upload, how=how)


def preparation(upload: Upload, card: Card) -> Preparation:
    """How a picture is prepared for a model: as a person said, else as the model's own images were."""
    return upload.how or suggested(upload.picture, usual_for(card))


def usual_for(card: Card) -> Preparation:
    """How pictures for a model are prepared unless someone says otherwise."""
    return _usual(card.name, models.stamp(card.name), datasets.at_hand(card))


@st.cache_data(max_entries=32, show_spinner=False)
def _usual(name: str, stamp: int, at_hand: bool) -> Preparation:
    if known := models.load(name).data.get("preparation"):
        return Preparation.from_json(known)
    return usual(held_out.images_for(models.shelf().card(name)).x[:SAMPLE])


def pixels(upload: Upload, card: Card) -> np.ndarray:
    """The picture as the model takes it, uint8 (C, H, W). Raises ValueError with the reason where it cannot be prepared so."""
    try:
        return prepared(upload.picture, card.config.image, preparation(upload, card))
    except RefusedError as reason:
        raise ValueError(str(reason)) from None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a model makes of an image."""

    code: np.ndarray
    """Mean of the posterior, (d,)."""
    rebuilt: np.ndarray
    """float (C, H, W) in [0, 1]."""
    errors: np.ndarray
    """Absolute error of each pixel, the mean over channels: (H, W)."""
    mse: float
    above: float | None
    """Share of the held-out images with a smaller error; None where theirs are not known."""
    nearest: tuple[int, ...]
    """Of the held-out images, those whose codes are nearest."""

    @property
    def unlike(self) -> bool:
        return self.above is not None and self.above >= UNLIKE


def outcome(card: Card, x: np.ndarray, neighbours: int = 5) -> Outcome:
    """What a model makes of one image, uint8 (C, H, W)."""
    checkpoint = models.load(card.name)
    code = checkpoint.model.encode(x[None]).mean
    rebuilt = checkpoint.model.decode(code).numpy()[0]
    mse = float(((rebuilt - x / 255) ** 2).mean())
    known, above, nearest = checkpoint.held_out, None, ()
    if known is not None and known.mse is not None:
        above = float((known.mse < mse).float().mean())
    if known is not None:
        distances = checkpoint.model.space.distance(code, known.codes)[0]
        nearest = tuple(int(i) for i in distances.argsort()[:neighbours])
    return Outcome(code.numpy()[0], rebuilt, np.abs(rebuilt - x / 255).mean(0), mse, above, nearest)


@dataclass(frozen=True, eq=False)
class Probes:
    """The pictures of this session as codes."""

    names: tuple[str, ...] = ()
    codes: dict[str, np.ndarray] = field(default_factory=dict)
    """By model: (K, d)."""
    scales: dict[str, np.ndarray | None] = field(default_factory=dict)
    """By model, the standard deviations of the posteriors: (K, d); None where it gives points."""


NO_PROBES = Probes()


def probes(cards: Sequence[Card]) -> Probes:
    """Where the models' encoders put this session's pictures, as far as these can be prepared for them."""
    names, x = [], []
    for upload in held().values():
        try:
            x.append(pixels(upload, cards[0]))
        except ValueError:
            continue
        names.append(upload.name)
    if not x:
        return NO_PROBES
    encoded = {card.name: models.load(card.name).model.encode(np.stack(x)) for card in cards}
    codes = {name: found.mean.numpy() for name, found in encoded.items()}
    scales = {name: None if found.scale is None else found.scale.numpy() for name, found in encoded.items()}
    return Probes(tuple(names), codes, scales)


def held_out_image(card: Card, i: int) -> tuple[np.ndarray, bool]:
    """A held-out image, and whether it is the image itself; else it is what the model draws of its code."""
    own = datasets.originals(card.source, card.fingerprint)
    if own is not None and i < len(own):
        return own[i], True
    checkpoint = models.load(card.name)
    return checkpoint.model.decode(checkpoint.held_out.codes[i : i + 1]).numpy()[0], False


def as_npz(names: Sequence[str], x: np.ndarray, found: dict[str, list[Outcome]]) -> bytes:
    """The prepared images, and each model's codes and reconstructions, as one .npz file."""
    arrays: dict[str, np.ndarray] = {"names": np.array(names), "images": x}
    for model, outcomes in found.items():
        arrays[f"{model}/codes"] = np.stack([one.code for one in outcomes])
        arrays[f"{model}/reconstructions"] = np.stack([one.rebuilt for one in outcomes])
        arrays[f"{model}/mse"] = np.array([one.mse for one in outcomes])
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()

"""The user's own images: read as untrusted files, prepared for a model, evaluated. They are kept for one session only."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st
from PIL import Image

from explorer.services import datasets, held_out, models
from explorer.services.conditions import chosen, for_model
from explorer.services.models import ModelCard
from explorer.services.view import View
from vae_core.data.containers import SUFFIXES
from vae_core.data.preparation import FRAMES, LIMITS, Preparation, decoded, prepared, suggested, usual
from vae_core.data.untrusted import RefusedError, shown

__all__ = ["FRAMES", "MAX_MB", "MAX_UPLOADS", "TYPES", "Preparation", "Upload"]

TYPES = [suffix for suffixes in SUFFIXES.values() for suffix in suffixes]
"""File name suffixes that an uploader accepts as pictures."""
MAX_MB = LIMITS.file_bytes // 2**20
"""Largest size of one picture's file, in MB."""
MAX_UPLOADS = 24
"""Largest number of pictures in a session. Each is stored with at most 512 by 2,048 pixels."""
PREPARATION_SAMPLE = 500
"""Number of held-out images from which the usual preparation of a model's images is determined."""
OUTLIER_SHARE = 0.99
"""An image is an outlier if its error is larger than those of this share of the held-out images."""


@dataclass(frozen=True, eq=False)
class Upload:
    """A picture that was accepted."""

    key: str
    """A hash of the content and the name."""
    name: str
    picture: Image.Image
    preparation: Preparation | None = None
    """The preparation that the user has chosen, or None."""


def session_uploads() -> dict[str, Upload]:
    """The pictures of this session, in the order of their upload."""
    return st.session_state.setdefault("uploads", {})


def add(files: Sequence[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """Adds pictures (name, bytes). Returns (name, reason) for each one that cannot be used."""
    kept, refused = session_uploads(), []
    for name, content in files:
        key = hashlib.sha256(name.encode() + b"\0" + content).hexdigest()[:16]
        if key in kept:
            continue
        try:
            if len(kept) >= MAX_UPLOADS:
                raise RefusedError(f"there are {MAX_UPLOADS} pictures already, the largest number; remove one first")
            kept[key] = Upload(key, shown(name), decoded(content))
        except RefusedError as reason:
            refused.append((shown(name), str(reason)))
    return refused


def remove(key: str) -> None:
    """Removes a picture from the session."""
    session_uploads().pop(key, None)


def set_preparation(upload: Upload, preparation: Preparation) -> None:
    """Stores how the user wants a picture prepared."""
    session_uploads()[upload.key] = replace(upload, preparation=preparation)


def preparation(upload: Upload, card: ModelCard) -> Preparation:
    """The preparation of a picture for a model.

    It is what the user has chosen, and otherwise what the picture and the model's data suggest.
    """
    return upload.preparation or suggested(upload.picture, default_preparation(card))


def default_preparation(card: ModelCard) -> Preparation:
    """The usual preparation of pictures for a model."""
    return _usual(card.name, models.file_version(card.name), datasets.has_originals(card))


@st.cache_data(max_entries=32, show_spinner=False)
def _usual(name: str, version: int, has_originals: bool) -> Preparation:
    if known := models.load(name).data.get("preparation"):
        return Preparation.from_json(known)
    return usual(held_out.images_for(models.registry().card(name)).x[:PREPARATION_SAMPLE])


def prepared_image(upload: Upload, card: ModelCard) -> np.ndarray:
    """The picture as input for the model, uint8 (C, H, W).

    Raises ValueError with the reason where it cannot be prepared in this way.
    """
    try:
        return prepared(upload.picture, card.config.image, preparation(upload, card))
    except RefusedError as reason:
        raise ValueError(str(reason)) from None


@dataclass(frozen=True, eq=False)
class ImageEvaluation:
    """A model's code and reconstruction of one image, compared with the held-out images."""

    code: np.ndarray
    """The code that stands for the image: the mean of the posterior, (d,), or whole numbers (h, w)."""
    reconstruction: np.ndarray
    """The reconstruction, float (C, H, W) in [0, 1]."""
    errors: np.ndarray
    """The absolute error of each pixel, averaged over channels, (H, W)."""
    mse: float
    error_rank: float | None
    """The share of the held-out images with a smaller error; None where the held-out errors are not known."""
    nearest: tuple[int, ...]
    """Indices of the held-out images with the nearest codes."""

    @property
    def is_outlier(self) -> bool:
        """True if the error is larger than almost all held-out errors."""
        return self.error_rank is not None and self.error_rank >= OUTLIER_SHARE


def evaluate(card: ModelCard, x: np.ndarray, condition: int | None = None, neighbours: int = 5) -> ImageEvaluation:
    """Encodes and reconstructs one image, uint8 (C, H, W), and finds its `neighbours` nearest held-out images.

    condition: the class that conditional models are given.
    """
    checkpoint, given = models.load(card.name), for_model(card, condition)
    codes = checkpoint.model.encode(x[None], given)
    code = codes.mean
    reconstruction = checkpoint.model.decode(code, given, details=codes.details).numpy()[0]
    mse = float(((reconstruction - x / 255) ** 2).mean())
    known, error_rank, nearest = checkpoint.held_out, None, ()
    if known is not None and known.mse is not None:
        error_rank = float((known.mse < mse).float().mean())
    if known is not None:
        distances = checkpoint.model.space.distance(code, known.codes)[0]
        nearest = tuple(int(i) for i in distances.argsort()[:neighbours])
    return ImageEvaluation(code.numpy()[0], reconstruction, np.abs(reconstruction - x / 255).mean(0), mse, error_rank, nearest)


@dataclass(frozen=True, eq=False)
class UploadCodes:
    """The codes of the pictures of a session."""

    names: tuple[str, ...] = ()
    codes: dict[str, np.ndarray] = field(default_factory=dict)
    """The codes by model name, each (K, d)."""
    scales: dict[str, np.ndarray | None] = field(default_factory=dict)
    """The standard deviations of the posteriors by model name, each (K, d), or None for posteriors that have none."""


NO_UPLOADS = UploadCodes()


def upload_codes(cards: Sequence[ModelCard], view: View) -> UploadCodes:
    """The codes of this session's pictures, for the class of the view where models are given one.

    Pictures that cannot be prepared for the models are left out.
    """
    names, x = [], []
    if not cards[0].shows_images:
        return NO_UPLOADS
    for upload in session_uploads().values():
        try:
            x.append(prepared_image(upload, cards[0]))
        except ValueError:
            continue
        names.append(upload.name)
    if not x:
        return NO_UPLOADS
    condition = chosen(cards, view)
    encoded = {card.name: models.load(card.name).model.encode(np.stack(x), for_model(card, condition)) for card in cards}
    codes = {name: found.mean.numpy() for name, found in encoded.items()}
    scales = {name: None if found.scale is None else found.scale.numpy() for name, found in encoded.items()}
    return UploadCodes(tuple(names), codes, scales)


def held_out_image(card: ModelCard, i: int) -> tuple[np.ndarray, bool]:
    """The held-out image at index i, (C, H, W), and whether it is the original.

    Where originals are not available, the model decodes the stored code of the image instead. Raises ValueError where the
    checkpoint has no held-out codes either.
    """
    own = datasets.originals(card)
    if own is not None and i < len(own):
        return own[i], True
    checkpoint = models.load(card.name)
    return checkpoint.decode_held_out(slice(i, i + 1)).numpy()[0], False


def npz(names: Sequence[str], x: np.ndarray, evaluations: dict[str, list[ImageEvaluation]]) -> bytes:
    """The prepared images, and each model's codes, reconstructions and errors, as an .npz file."""
    arrays: dict[str, np.ndarray] = {"names": np.array(names), "images": x}
    for model, results in evaluations.items():
        arrays[f"{model}/codes"] = np.stack([one.code for one in results])
        arrays[f"{model}/reconstructions"] = np.stack([one.reconstruction for one in results])
        arrays[f"{model}/mse"] = np.array([one.mse for one in results])
    out = io.BytesIO()
    # numpy's annotation takes every name for that of its option `allow_pickle`, a bool.
    np.savez_compressed(out, **arrays)  # pyright: ignore[reportArgumentType]
    return out.getvalue()

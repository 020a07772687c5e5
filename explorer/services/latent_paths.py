"""A path through latent space, for download: its images and its codes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from explorer.services import models, observations
from explorer.services.conditions import for_model
from explorer.services.models import ModelCard


def checked_codes(card: ModelCard, codes: Sequence[Sequence[float]]) -> np.ndarray:
    """The codes of a path as float32 (K, d). Raises ValueError where they do not fit the model."""
    array = np.array(codes, np.float32)
    if array.ndim != 2 or array.shape[1] != card.config.code_size or not np.isfinite(array).all():
        raise ValueError(f"These are no codes of {card.title}, which have {card.config.code_size} numbers each.")
    return array


def images(card: ModelCard, codes: np.ndarray, condition: int | None = None) -> np.ndarray:
    """The observations that the model decodes from codes (K, d), with that class where it is given one.

    They are images, uint8 (K, C, H, W), or the tokens of texts, uint8 (K, length).
    """
    return observations.at_rest(card, models.load(card.name).model.decode(codes, for_model(card, condition)).numpy())


def text_lines(card: ModelCard, tokens: np.ndarray) -> bytes:
    """Texts along a path as a .txt file with one line for each."""
    return "\n".join(map(str, observations.shown(card, tokens))).encode() + b"\n"


def npz(codes: np.ndarray, images: np.ndarray) -> bytes:
    """The codes and images of a path as an .npz file."""
    out = io.BytesIO()
    np.savez_compressed(out, codes=codes.astype(np.float32), images=images)
    return out.getvalue()


def csv_table(codes: np.ndarray) -> bytes:
    """The codes of a path as a .csv file with one row for each code."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f"z{i + 1}" for i in range(codes.shape[1])])
    writer.writerows([f"{value:.9g}" for value in code] for code in codes.astype(np.float32))
    return out.getvalue().encode()

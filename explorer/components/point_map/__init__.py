"""The point map: all encoded images as points on a plane, to explore, colour and select."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from explorer.components.assets import render
from explorer.components.checks import check, check_labels, check_originals
from explorer.components.message import byte_tensor, message

FOLDER = Path(__file__).parent
OUTLIER_SHARE = 0.01
"""Share of the values beyond each end of a colour scale, so that a few outliers do not compress the rest."""


@dataclass(frozen=True, eq=False)
class Colouring:
    """A quantity that points can be coloured by."""

    name: str
    values: np.ndarray
    """The value of each point, (N,)."""
    unit: str = ""


@dataclass(frozen=True)
class MapState:
    """The state of the map: the user's selection and colouring."""

    selection: dict[str, Any] | None
    """A point, {"image": i}, or a region in the map's own units, {"polygon": [[a, b], ...]}; None for no selection."""
    colour: int
    """The index of the colouring; -1 for colours by class."""


@dataclass(frozen=True, eq=False)
class MapData:
    """Everything that the map draws. Checked when built: ValueError names the field."""

    points: np.ndarray
    """Positions of the points in any unit, (N, 2), with N of at least 1."""
    codes: np.ndarray
    """The code that is decoded for each point, (N, d)."""
    program: bytes
    """`vae_core.export.decoder_program(model).to_bytes()`."""
    image: tuple[int, int, int]
    """The shape of an image, (C, H, W); (1, 1, length) for texts, whose pixels are the numbers of their characters."""
    identity: str
    """Identifies the images and their order. Points move smoothly between maps of the same identity."""
    title: str = "Map"
    labels: np.ndarray | None = None
    """The class of each point, integers (N,)."""
    classes: Sequence[str] = ()
    colourings: Sequence[Colouring] = field(default_factory=tuple)
    originals: np.ndarray | None = None
    """The first M images, uint8 (M, C, H, W)."""
    reason_missing: str = ""
    """Why there are no originals, in a sentence; empty where there are."""
    uploads: Sequence[str] = ()
    """Names of the user's own images."""
    upload_points: np.ndarray | None = None
    """Positions of the user's own images on the map, (K, 2)."""
    colour: int = -1
    """The initial colouring, as in MapState."""
    selection: dict[str, Any] | None = None
    """The initial selection, as in MapState."""
    characters: Sequence[str] = ()
    """The characters of texts, in the order of their numbers, which begin with 1 because 0 ends a text; none for images."""
    smooth: bool = False
    """True if images are interpolated (faces, letters) rather than drawn as crisp pixels."""

    def __post_init__(self) -> None:
        count = len(self.points)
        check(np.shape(self.points) == (count, 2) and count > 0, "points", "has shape (N, 2), with N of at least 1")
        check(bool(np.isfinite(self.points).all()), "points", "has finite values")
        check(np.ndim(self.codes) == 2 and len(self.codes) == count, "codes", "has a row for each point")
        for colouring in self.colourings:
            check(np.shape(colouring.values) == (count,), "colourings", "has one value for each point")
        placed = 0 if self.upload_points is None else len(self.upload_points)
        check(placed == len(self.uploads), "uploads", "has a name for each of upload_points")
        check_labels(self.labels, self.classes, count)
        check_originals(self.originals, self.image, count)

    def to_bytes(self) -> bytes:
        """The payload as bytes."""
        header = {
            "image": list(self.image),
            "characters": list(self.characters),
            "latent": int(np.shape(self.codes)[1]),
            "identity": self.identity,
            "title": self.title,
            "classes": list(self.classes),
            "uploads": list(self.uploads),
            "reasonMissing": self.reason_missing,
            "colourings": [{"name": c.name, "unit": c.unit, **_scale(c.values)} for c in self.colourings],
            "colour": self.colour,
            "selection": self.selection,
            "smooth": self.smooth,
        }
        tensors = {
            "points": np.asarray(self.points, np.float32),
            "codes": np.asarray(self.codes, np.float32),
            "program": byte_tensor(self.program),
        }
        if self.upload_points is not None:
            tensors["uploads"] = np.asarray(self.upload_points, np.float32)
        for i, colouring in enumerate(self.colourings):
            tensors[f"amount{i}"] = np.asarray(colouring.values, np.float32)
        if self.labels is not None:
            tensors["labels"] = np.asarray(self.labels).astype(np.uint16)
        if self.originals is not None:
            tensors["originals"] = np.asarray(self.originals)
        return message(header, tensors)


def _scale(values: np.ndarray) -> dict[str, float]:
    low, high = np.quantile(values, [OUTLIER_SHARE, 1 - OUTLIER_SHARE])
    return {"low": float(low), "high": float(high)}


def point_map(data: MapData | bytes, key: str) -> MapState | None:
    """Draws the map. Returns what the user chose last, or None before that.

    `data` may be the result of `MapData.to_bytes`, which a page can cache. A run with the same data leaves the map as it is.
    """
    payload = data.to_bytes() if isinstance(data, MapData) else bytes(data)
    state = render(FOLDER, "map", payload, key)
    if state is None:
        return None
    return MapState(state["selection"], int(state["colour"]))

"""The point map: all encoded images as points on a plane, to move over, colour, and choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from explorer.components.assets import draw
from explorer.components.checks import check, check_labels, check_originals
from explorer.components.message import byte_tensor, message

HERE = Path(__file__).parent
SPREAD = 0.01
"""Share of the values at each end of a scale that take the end's colour, so that a few strays do not flatten the rest."""


@dataclass(frozen=True, eq=False)
class Colouring:
    """An amount that points are coloured by."""

    name: str
    values: np.ndarray
    """(N,)."""
    unit: str = ""


@dataclass(frozen=True)
class MapState:
    """What a person has chosen on the map."""

    selection: dict[str, Any] | None
    """{"image": i}, {"polygon": [[a, b], ...]} in the map's own units, or None."""
    colour: int
    """-1: by class; else which colouring."""


@dataclass(frozen=True, eq=False)
class MapData:
    """Everything that the map draws. Checked when built: ValueError names the field."""

    points: np.ndarray
    """(N, 2), in any unit; N of at least 1."""
    codes: np.ndarray
    """What is decoded for each point, (N, d)."""
    program: bytes
    """`vae_core.export.decoder_program(model).to_bytes()`."""
    image: tuple[int, int, int]
    """(C, H, W)."""
    identity: str
    """Of the images and their order: points of the same identity walk from one map to the next."""
    title: str = "Map"
    labels: np.ndarray | None = None
    """Class of each point, integers (N,)."""
    classes: Sequence[str] = ()
    colourings: Sequence[Colouring] = field(default_factory=tuple)
    originals: np.ndarray | None = None
    """The first M of the images themselves, uint8 (M, C, H, W)."""
    absent: str = ""
    """Why there are no originals, in a sentence."""
    probes: Sequence[str] = ()
    """Names of a person's own images."""
    probe_points: np.ndarray | None = None
    """Where they are on the map, (K, 2)."""
    colour: int = -1
    """What the points are coloured by at first."""
    selection: dict[str, Any] | None = None
    """What is chosen at first."""
    smooth: bool = False

    def __post_init__(self) -> None:
        count = len(self.points)
        check(np.shape(self.points) == (count, 2) and count > 0, "points", "has shape (N, 2), with N of at least 1")
        check(bool(np.isfinite(self.points).all()), "points", "has finite values")
        check(np.ndim(self.codes) == 2 and len(self.codes) == count, "codes", "has a row for each point")
        for colouring in self.colourings:
            check(np.shape(colouring.values) == (count,), "colourings", "has one value for each point")
        placed = 0 if self.probe_points is None else len(self.probe_points)
        check(placed == len(self.probes), "probes", "has a name for each of probe_points")
        check_labels(self.labels, self.classes, count)
        check_originals(self.originals, self.image, count)

    def to_bytes(self) -> bytes:
        """What the page is sent."""
        about = {
            "image": list(self.image),
            "latent": int(np.shape(self.codes)[1]),
            "identity": self.identity,
            "title": self.title,
            "classes": list(self.classes),
            "probes": list(self.probes),
            "absent": self.absent,
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
        if self.probe_points is not None:
            tensors["probes"] = np.asarray(self.probe_points, np.float32)
        for i, colouring in enumerate(self.colourings):
            tensors[f"amount{i}"] = np.asarray(colouring.values, np.float32)
        if self.labels is not None:
            tensors["labels"] = np.asarray(self.labels).astype(np.uint16)
        if self.originals is not None:
            tensors["originals"] = np.asarray(self.originals)
        return message(about, tensors)


def _scale(values: np.ndarray) -> dict[str, float]:
    low, high = np.quantile(values, [SPREAD, 1 - SPREAD])
    return {"low": float(low), "high": float(high)}


def point_map(data: MapData | bytes, key: str) -> MapState | None:
    """Draws the map. Returns what was chosen last, or None before that.

    `data` may be the result of `MapData.to_bytes`, which a page can cache. A run with the same data leaves the map as it is.
    """
    payload = data.to_bytes() if isinstance(data, MapData) else bytes(data)
    state = draw(HERE, "map", payload, key)
    if state is None:
        return None
    return MapState(state["selection"], int(state["colour"]))

"""The point map: all encoded images as points on a plane, to move over, colour, and choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from explorer.components.assets import assets
from explorer.components.packing import pack

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
    chosen: tuple[int, ...]
    """The first 1,000 of the points that the selection holds."""


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
    colour: int = -1
    """What the points are coloured by at first."""
    selection: dict[str, Any] | None = None
    """What is chosen at first."""
    smooth: bool = False

    def __post_init__(self) -> None:
        count = len(self.points)
        _check(np.shape(self.points) == (count, 2) and count > 0, "points", "has shape (N, 2), with N of at least 1")
        _check(bool(np.isfinite(self.points).all()), "points", "has finite values")
        _check(np.ndim(self.codes) == 2 and len(self.codes) == count, "codes", "has a row for each point")
        for colouring in self.colourings:
            _check(np.shape(colouring.values) == (count,), "colourings", "has one value for each point")
        if self.labels is not None:
            _check(np.shape(self.labels) == (count,), "labels", "has one number for each point")
            _check(0 < len(self.classes) <= 255, "classes", "has 1 to 255 names where there are labels")
            inside = np.min(self.labels) >= 0 and np.max(self.labels) < len(self.classes)
            _check(bool(inside), "labels", f"has numbers from 0 to {len(self.classes) - 1}")
        if self.originals is not None:
            fits = np.shape(self.originals)[1:] == tuple(self.image) and self.originals.dtype == np.uint8
            _check(fits and len(self.originals) <= count, "originals", f"is uint8 (M, C, H, W) with M up to {count}")

    def to_bytes(self) -> bytes:
        """What the page is sent."""
        about = {
            "image": list(self.image),
            "latent": int(np.shape(self.codes)[1]),
            "identity": self.identity,
            "title": self.title,
            "classes": list(self.classes),
            "colourings": [{"name": c.name, "unit": c.unit, **_scale(c.values)} for c in self.colourings],
            "colour": self.colour,
            "selection": self.selection,
            "smooth": self.smooth,
        }
        sections = {
            "points": np.ascontiguousarray(self.points, "<f4").tobytes(),
            "codes": np.ascontiguousarray(self.codes, "<f4").tobytes(),
            "program": bytes(self.program),
        }
        for i, colouring in enumerate(self.colourings):
            sections[f"amount{i}"] = np.ascontiguousarray(colouring.values, "<f4").tobytes()
        if self.labels is not None:
            sections["labels"] = np.asarray(self.labels).astype(np.uint8).tobytes()
        if self.originals is not None:
            sections["originals"] = np.ascontiguousarray(self.originals).tobytes()
        return pack(about, sections)


def _scale(values: np.ndarray) -> dict[str, float]:
    low, high = np.quantile(values, [SPREAD, 1 - SPREAD])
    return {"low": float(low), "high": float(high)}


def _check(ok: bool, name: str, wanted: str) -> None:
    if not ok:
        raise ValueError(f"{name} is not what the map takes: it {wanted}.")


def point_map(data: MapData | bytes, key: str, on_state_change: Callable[[], None] | None = None) -> MapState | None:
    """Draws the map. Returns what was chosen last, or None before that.

    `data` may be the result of `MapData.to_bytes`, which a page can cache. A run with the same data leaves the map as it is.
    """
    payload = data.to_bytes() if isinstance(data, MapData) else bytes(data)
    state = _component()(data=payload, key=key, on_state_change=on_state_change or _nothing).state
    if state is None:
        return None
    chosen = tuple(int(i) for i in state["chosen"])
    return MapState(state["selection"], int(state["colour"]), chosen)


def _nothing() -> None:
    """A state value has to have a callback."""


@cache
def _component() -> Callable:
    import streamlit as st

    html, css, js = assets(HERE, "map")
    return st.components.v2.component("point_map", html=html, css=css, js=js)

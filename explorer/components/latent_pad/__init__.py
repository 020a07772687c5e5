"""The latent pad: a plane of the latent space to drag through, and the image decoded under the finger, in the browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from explorer.components.bundle import bundle
from explorer.components.packing import pack

Marker = Literal["circle", "square", "diamond", "triangle"]
MARKERS = ("circle", "square", "diamond", "triangle")
MAX_CLASSES = 255
"""The label after the last one marks a point of no class."""

HERE = Path(__file__).parent


@dataclass(frozen=True)
class PadData:
    """Everything that the pad draws. It is checked when built; ValueError names the field."""

    program: bytes
    """`vae_core.export.decoder_program(model).to_bytes()`."""
    latent: int
    """d, the length of a code."""
    image: tuple[int, int, int]
    """(C, H, W)."""
    origin: np.ndarray
    """The plane is z = origin + a u + b v; origin, u, v: (d,)."""
    u: np.ndarray
    v: np.ndarray
    extent: tuple[float, float, float, float]
    """(a0, a1, b0, b1) of the part that is shown."""
    axes: tuple[str, str] = ("z1", "z2")
    """Labels of a and b, with their unit where they have one."""
    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    """Encoded images on the plane, (N, 2)."""
    labels: np.ndarray | None = None
    """Class of each point, integers (N,)."""
    classes: Sequence[str] = ()
    """Names of the classes."""
    start: tuple[float, float] = (0.0, 0.0)
    """(a, b) at first and after a reset. The pad keeps where the handle is, so it is best left alone from run to run; other
    data with another start moves the handle there and draws nothing else anew."""
    title: str = "Model"
    colour: str = "#0072b2"
    marker: Marker = "circle"
    smooth: bool = False
    """Images drawn smooth (faces) rather than pixel by pixel."""

    def __post_init__(self) -> None:
        for name in ("origin", "u", "v"):
            _check(np.shape(getattr(self, name)) == (self.latent,), name, f"has shape ({self.latent},)")
        a0, a1, b0, b1 = self.extent
        _check(a0 < a1 and b0 < b1, "extent", "is (a0, a1, b0, b1) with a0 < a1 and b0 < b1")
        _check(np.ndim(self.points) == 2 and np.shape(self.points)[1] == 2, "points", "has shape (N, 2)")
        _check(self.marker in MARKERS, "marker", f"is one of {', '.join(MARKERS)}")
        if self.labels is not None:
            _check(np.shape(self.labels) == (len(self.points),), "labels", "has one number for each point")
            _check(0 < len(self.classes) <= MAX_CLASSES, "classes", f"has 1 to {MAX_CLASSES} names where there are labels")
            inside = len(self.labels) == 0 or (np.min(self.labels) >= 0 and np.max(self.labels) < len(self.classes))
            _check(bool(inside), "labels", f"has numbers from 0 to {len(self.classes) - 1}")

    def to_bytes(self) -> bytes:
        """What the page is sent."""
        about = {
            "latent": self.latent,
            "image": list(self.image),
            "extent": [float(side) for side in self.extent],
            "axes": list(self.axes),
            "classes": list(self.classes),
            "start": [float(at) for at in self.start],
            "title": self.title,
            "colour": self.colour,
            "marker": self.marker,
            "smooth": self.smooth,
        }
        plane = np.stack([np.asarray(vector, "<f4") for vector in (self.origin, self.u, self.v)])
        sections = {
            "program": bytes(self.program),
            "plane": plane.tobytes(),
            "points": np.ascontiguousarray(self.points, "<f4").tobytes(),
        }
        if self.labels is not None:
            sections["labels"] = np.asarray(self.labels).astype(np.uint8).tobytes()
        return pack(about, sections)


def _check(ok: bool, name: str, wanted: str) -> None:
    if not ok:
        raise ValueError(f"PadData.{name} is not what the pad takes: it {wanted}.")


@cache
def assets() -> tuple[str, str, str]:
    """HTML, CSS and JavaScript of the pad, for Streamlit and for self-contained files."""
    html, css = ((HERE / name).read_text(encoding="utf-8") for name in ("pad.html", "pad.css"))
    return html, css, bundle(HERE / "pad.js")


def latent_pad(
    data: PadData | bytes, key: str, on_point_change: Callable[[], None] | None = None
) -> tuple[float, float] | None:
    """Draws the pad. Returns the (a, b) at which the handle was last let go, or None before that.

    `data` may be the result of `PadData.to_bytes`, which a page can cache. A run with the same data leaves the pad as it
    is; one with other data replaces what is shown.
    """
    payload = data.to_bytes() if isinstance(data, PadData) else bytes(data)
    result = _component()(data=payload, key=key, on_point_change=on_point_change or _nothing)
    point = result.point
    return (float(point[0]), float(point[1])) if point is not None else None


def _nothing() -> None:
    """A state value has to have a callback."""


@cache
def _component() -> Callable:
    import streamlit as st

    html, css, js = assets()
    return st.components.v2.component("latent_pad", html=html, css=css, js=js)

"""The latent pad: a plane of latent space to drag through, and what up to four models decode there, in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from explorer.components.assets import draw
from explorer.components.checks import check, check_labels, check_originals
from explorer.components.message import byte_tensor, message

Marker = Literal["circle", "square", "diamond", "triangle"]
MARKERS = ("circle", "square", "diamond", "triangle")
Where = Literal["auto", "page", "worker", "server"]
WHERE = ("auto", "page", "worker", "server")
MAX_MODELS = 4
OVERLAYS = ("none", "density", "prior", "error", "change")
LOOKS = ("mean", "sample", "spread")
MOST_CODES = 16 * 23 + 1
"""Of a path: sixteen from each of 24 pins to the next."""
ROUTES = ("linear", "spherical", "data")
PRINCIPAL = "pc"

HERE = Path(__file__).parent


@dataclass(frozen=True)
class PadModel:
    """One decoder, and the codes that its encoder gives the held-out images. Checked when built: ValueError names the field."""

    name: str
    """What the pad calls it when it tells of its state."""
    title: str
    program: bytes
    """`vae_core.export.decoder_program(model).to_bytes()`; empty where the server decodes."""
    latent: int
    """d, the length of a code."""
    codes: np.ndarray
    """Codes of the held-out images, (N, d); the same images in the same order for all models of a pad."""
    order: Sequence[int]
    """The dimensions, those that the model uses most first."""
    dimensions: Sequence[str]
    """The label of each dimension, with its unit where it has one."""
    principal: np.ndarray
    """Mean and the two leading principal directions of the codes, (3, d)."""
    explained: tuple[float, float]
    """Share of the codes' variance along each of these directions."""
    scales: np.ndarray | None = None
    """Standard deviations of the posteriors of the held-out images, (N, d); None where it gives points."""
    errors: np.ndarray | None = None
    """Mean squared errors of the held-out images' reconstructions, (N,)."""
    unused: Sequence[int] = ()
    """Dimensions that have collapsed to the prior."""
    prior: bool = True
    """Whether it learnt to decode draws from N(0, I)."""
    fitted: np.ndarray | None = None
    """For a model that was never asked to keep its codes near N(0, I): their mean, and a root of their covariance,
    (1 + d, d)."""
    probes: np.ndarray | None = None
    """Codes of a person's own images, (K, d)."""
    probe_scales: np.ndarray | None = None
    """The standard deviations of their posteriors, (K, d)."""
    where: Where = "auto"
    """Where it is decoded; `auto`: in the page, in a worker of it where that is slow."""
    drawing: Sequence[Any] = ()
    """Where the server decodes: how an image is drawn around its mean, as in a program's header."""
    macs: int = 0
    """Where the server decodes: multiply-adds of one image, 0 if nobody knows."""
    identity: str = ""
    """Of the weights: what a person's browser keeps of this model is kept under it."""
    colour: str = "#0072b2"
    marker: Marker = "circle"

    def __post_init__(self) -> None:
        d = self.latent
        check(np.ndim(self.codes) == 2 and np.shape(self.codes)[1] == d, "codes", f"has shape (N, {d})")
        check(sorted(self.order) == list(range(d)), "order", f"has each of the {d} dimensions once")
        check(len(self.dimensions) == d, "dimensions", f"has {d} labels")
        check(np.shape(self.principal) == (3, d), "principal", f"has shape (3, {d})")
        check(self.scales is None or np.shape(self.scales) == np.shape(self.codes), "scales", "has the shape of codes")
        check(self.errors is None or np.shape(self.errors) == np.shape(self.codes)[:1], "errors", "has one for each code")
        check(set(self.unused) <= set(range(d)), "unused", f"names some of the {d} dimensions")
        check(self.fitted is None or np.shape(self.fitted) == (1 + d, d), "fitted", f"has shape ({1 + d}, {d})")
        check(self.probes is None or np.shape(self.probes)[1:] == (d,), "probes", f"has shape (K, {d})")
        both = self.probe_scales is None or np.shape(self.probe_scales) == np.shape(self.probes)
        check(both, "probe_scales", "has the shape of probes")
        check(self.where in WHERE, "where", f"is one of {', '.join(WHERE)}")
        check(bool(self.program) or self.where == "server", "program", "is there, unless the server decodes")
        check(self.marker in MARKERS, "marker", f"is one of {', '.join(MARKERS)}")

    def about(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "identity": self.identity,
            "where": self.where,
            "drawing": list(self.drawing),
            "macs": self.macs,
            "latent": self.latent,
            "order": [int(i) for i in self.order],
            "dimensions": list(self.dimensions),
            "prior": self.prior,
            "unused": [int(i) for i in self.unused],
            "explained": [float(share) for share in self.explained],
            "colour": self.colour,
            "marker": self.marker,
        }

    def tensors(self) -> dict[str, np.ndarray]:
        """The arrays that the page is sent, by the names that it knows them by."""
        floats = {
            "codes": self.codes,
            "principal": self.principal,
            "errors": self.errors,
            "fitted": self.fitted,
            "probes": self.probes,
            "probeScales": self.probe_scales,
        }
        found = {name: np.asarray(values, np.float32) for name, values in floats.items() if values is not None}
        if self.scales is not None:
            found["scales"] = np.asarray(self.scales, np.float16)
        return found | {"program": byte_tensor(self.program)}


@dataclass(frozen=True)
class PadPath:
    """A way through the latent space of the model that leads, by codes on it."""

    kind: str
    """One of ROUTES."""
    codes: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class PadState:
    """What is looked at."""

    lead: str
    """The model whose plane is dragged on."""
    plane: str
    """Two of its dimensions, as "3-7", PRINCIPAL, or three held-out images that it goes through, as "im12-7-99"."""
    z: tuple[float, ...]
    """Its code at the handle; the plane goes through it."""
    same: bool = False
    """The other models are given the same numbers, not the place that the data leads to."""
    look: str = "mean"
    """What is shown of each code: one of LOOKS."""
    heat: str = "none"
    """What lies over the plane: one of OVERLAYS."""
    path: PadPath | None = None
    """The way over the codes that a person has pinned."""


@dataclass(frozen=True)
class PadServer:
    """The route that decodes for the page."""

    path: str
    token: str
    """Of the session that asks."""


@dataclass(frozen=True)
class PadData:
    """Everything that the pad draws. It is checked when built; ValueError names the field."""

    models: Sequence[PadModel]
    image: tuple[int, int, int]
    """(C, H, W)."""
    labels: np.ndarray | None = None
    """Class of each held-out image, integers (N,)."""
    classes: Sequence[str] = ()
    """Names of the classes."""
    originals: np.ndarray | None = None
    """The first M of the held-out images themselves, uint8 (M, C, H, W)."""
    attributes: np.ndarray | None = None
    """What the first M of the held-out images have, 0 or 1, (M, A)."""
    attribute_names: Sequence[str] = ()
    """Names of the A attributes."""
    probes: Sequence[str] = ()
    """Names of a person's own images, whose codes each model has."""
    start: PadState | None = None
    """At first and after a reset; without it, the first model at the first held-out image. The pad keeps where the handle is,
    so it is best left alone from run to run; other data with another start moves the handle and draws nothing else anew."""
    server: PadServer | None = None
    """What decodes the models whose `where` says so."""
    smooth: bool = False
    """Images drawn smooth (faces) rather than pixel by pixel."""

    def __post_init__(self) -> None:
        check(0 < len(self.models) <= MAX_MODELS, "models", f"has 1 to {MAX_MODELS} models")
        count = len(self.models[0].codes)
        check(all(len(model.codes) == count for model in self.models), "models", "has codes of the same images")
        check(len({model.name for model in self.models}) == len(self.models), "models", "has each model once")
        counts = {0 if model.probes is None else len(model.probes) for model in self.models}
        check(counts == {len(self.probes)}, "probes", "has a name for each of the models' own-image codes")
        shape = (0, 0) if self.attributes is None else np.shape(self.attributes)
        check(len(shape) == 2 and shape[0] <= count, "attributes", f"has shape (M, A), M at most {count}")
        check(shape[1] == len(self.attribute_names), "attributes", "has a name for each column")
        check_labels(self.labels, self.classes, count)
        check_originals(self.originals, self.image, count)

    def to_bytes(self) -> bytes:
        """What the page is sent. Raises ValueError where the server is to decode and no `server` is given."""
        away = any(model.where == "server" for model in self.models)
        check(self.server is not None or not away, "server", "is given where it decodes a model")
        about = {
            "models": [model.about() for model in self.models],
            "image": list(self.image),
            "classes": list(self.classes),
            "attributes": list(self.attribute_names),
            "probes": list(self.probes),
            "start": asdict(self.start) if self.start else {},
            "server": asdict(self.server) if self.server else None,
            "smooth": self.smooth,
        }
        tensors: dict[str, np.ndarray] = {}
        for i, model in enumerate(self.models):
            tensors |= {f"{name}{i}": values for name, values in model.tensors().items()}
        if self.labels is not None:
            tensors["labels"] = np.asarray(self.labels).astype(np.uint16)
        if self.attributes is not None:
            tensors["attributes"] = np.asarray(self.attributes, np.uint8)
        if self.originals is not None:
            tensors["originals"] = np.asarray(self.originals)
        return message(about, tensors)


def latent_pad(data: PadData | bytes, key: str) -> PadState | None:
    """Draws the pad. Returns what was looked at when the handle was last let go, or None before that.

    `data` may be the result of `PadData.to_bytes`, which a page can cache. A run with the same data leaves the pad as it
    is; one with other data replaces what is shown.
    """
    payload = data.to_bytes() if isinstance(data, PadData) else bytes(data)
    state = draw(HERE, "pad", payload, key)
    if state is None:
        return None
    path = _path(state.get("path"), len(state["z"]))
    return PadState(
        lead=str(state["lead"]),
        plane=str(state["plane"]),
        z=_code(state["z"]),
        same=bool(state["same"]),
        look=str(state["look"]),
        heat=str(state["heat"]),
        path=path,
    )


def _path(found: Any, latent: int) -> PadPath | None:
    """A path as the page tells of it; None for what no pad tells of."""
    codes = found["codes"] if found and found["kind"] in ROUTES else ()
    if not 1 < len(codes) <= MOST_CODES or any(len(code) != latent for code in codes):
        return None
    return PadPath(str(found["kind"]), tuple(_code(code) for code in codes))


def _code(values: Sequence[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)

"""The latent pad: a plane of latent space to drag through, and the decoded images of up to four models.

The page decodes them, in its own thread or in a worker, unless a model needs the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from explorer.choices import DECODER_LOCATIONS, MARKERS, DecoderLocation, Marker
from explorer.components.assets import render
from explorer.components.checks import check, check_labels, check_originals
from explorer.components.message import byte_tensor, message

MAX_MODELS = 4
MAX_PATH_CODES = 16 * 23 + 1
"""Largest number of codes of a path: sixteen from each of 24 pins to the next."""
INTERPOLATIONS = ("linear", "spherical", "data")
"""Kinds of paths from pin to pin."""

FOLDER = Path(__file__).parent
"""The folder of the component's HTML, CSS and JavaScript."""


@dataclass(frozen=True)
class PadModel:
    """One decoder, and its encoder's codes of the held-out images. Checked when built: ValueError names the field."""

    name: str
    """The model's name in the state that the pad reports."""
    title: str
    program: bytes
    """`vae_core.export.decoder_program(model).to_bytes()`; empty where the server decodes."""
    latent: int
    """Number of latent dimensions, d, of the code that is dragged."""
    codes: np.ndarray
    """Codes of the held-out images, (N, d); the same images in the same order for all models of a pad."""
    order: Sequence[int]
    """The dimensions, most used first."""
    dimensions: Sequence[str]
    """The label of each dimension, with its unit where it has one."""
    principal: np.ndarray
    """The mean and the two leading principal directions of the codes, (3, d)."""
    explained: tuple[float, float]
    """The share of the codes' variance along each principal direction."""
    space: str = "euclidean"
    """Kind of the space that codes live in, as in `vae_core.models.spaces`."""
    scales: np.ndarray | None = None
    """Standard deviations of the held-out images' posteriors, (N, d), or None for posteriors that have none."""
    no_spread: str = ""
    """The sentence that says why the page draws no spread of a posterior that has one; else empty."""
    errors: np.ndarray | None = None
    """Mean squared errors of the held-out images' reconstructions, (N,)."""
    unused: Sequence[int] = ()
    """Dimensions that have collapsed to the prior."""
    prior: bool = True
    """True if the model was trained to decode draws from its prior."""
    prior_draws: np.ndarray | None = None
    """Codes drawn from a prior other than N(0, I), (M, d)."""
    independent: bool = True
    """True if the dimensions of a code are independent of one another given its image, so that the standard deviations are all
    of the posterior's shape."""
    prior_title: str = "N(0, I)"
    """The name of the prior in a sentence."""
    fitted: np.ndarray | None = None
    """The mean and a root of the covariance of the codes, (1 + d, d), for a model that was trained without a prior."""
    uploads: np.ndarray | None = None
    """Codes of the user's own images, (K, d)."""
    upload_scales: np.ndarray | None = None
    """Standard deviations of the posteriors of the user's own images, (K, d)."""
    details: int = 0
    """Number of dimensions of the groups below the code that is dragged."""
    conditions: Sequence[str] = ()
    """Names of the classes of which the model is given one; empty where it is given nothing."""
    where: DecoderLocation = "auto"
    """Where the model is decoded. `auto` means in the page, and in a web worker of the page if the model is slow."""
    sampling: Sequence[Any] = ()
    """The distribution of an image around its mean, as in a program's header; used where the server decodes."""
    macs: int = 0
    """Multiply-adds of one image, or 0 where they are not known; used where the server decodes."""
    identity: str = ""
    """A hash of the weights. The browser stores what the user saved for a model under its identity."""
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
        check(self.prior_draws is None or np.shape(self.prior_draws)[1:] == (d,), "prior_draws", f"has shape (M, {d})")
        check(self.uploads is None or np.shape(self.uploads)[1:] == (d,), "uploads", f"has shape (K, {d})")
        if self.upload_scales is not None:
            fits = self.uploads is not None and np.shape(self.upload_scales) == np.shape(self.uploads)
            check(fits, "upload_scales", "has the shape of uploads")
        check(self.where in DECODER_LOCATIONS, "where", f"is one of {', '.join(DECODER_LOCATIONS)}")
        check(bool(self.program) or self.where == "server", "program", "is there, unless the server decodes")
        check(self.marker in MARKERS, "marker", f"is one of {', '.join(MARKERS)}")

    def header(self) -> dict[str, Any]:
        """The fields that the page is sent as JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "identity": self.identity,
            "where": self.where,
            "sampling": list(self.sampling),
            "macs": self.macs,
            "latent": self.latent,
            "details": self.details,
            "order": [int(i) for i in self.order],
            "dimensions": list(self.dimensions),
            "space": self.space,
            "noSpread": self.no_spread,
            "prior": self.prior,
            "independent": self.independent,
            "priorTitle": self.prior_title,
            "conditions": list(self.conditions),
            "unused": [int(i) for i in self.unused],
            "explained": [float(share) for share in self.explained],
            "colour": self.colour,
            "marker": self.marker,
        }

    def tensors(self) -> dict[str, np.ndarray]:
        """The arrays that the page is sent, by name."""
        floats = {
            "codes": self.codes,
            "principal": self.principal,
            "errors": self.errors,
            "fitted": self.fitted,
            "priorDraws": self.prior_draws,
            "uploads": self.uploads,
            "uploadScales": self.upload_scales,
        }
        found: dict[str, np.ndarray] = {
            name: np.asarray(values, np.float32) for name, values in floats.items() if values is not None
        }
        if self.scales is not None:
            found["scales"] = np.asarray(self.scales, np.float16)
        return found | {"program": byte_tensor(self.program)}


@dataclass(frozen=True)
class PadPath:
    """A path through the latent space of the lead model."""

    kind: str
    """The kind of path from pin to pin: one of INTERPOLATIONS."""
    codes: tuple[tuple[float, ...], ...]
    """Codes along the path, in order."""


@dataclass(frozen=True)
class PadState:
    """The state of the pad."""

    lead: str
    """The lead model, on whose plane the handle is dragged."""
    plane: str
    """The plane: two dimensions, such as "3-7"; "pc" for the principal components; or three held-out images that the plane goes
    through, such as "im12-7-99"."""
    z: tuple[float, ...]
    """The lead model's code at the handle. The plane goes through it."""
    same: bool = False
    """True if the other models decode the same numbers, rather than the codes of the same images."""
    display: str = "mean"
    """The display mode: one of DISPLAY_MODES."""
    overlay: str = "none"
    """The overlay of the plane: one of OVERLAYS."""
    condition: int | None = None
    """The class that conditional models are given; None for the class of the first held-out image."""
    path: PadPath | None = None
    """The path over the codes that the user has pinned."""


@dataclass(frozen=True)
class PadServer:
    """The server route that decodes for the page."""

    path: str
    token: str
    """The token of the user's session."""


@dataclass(frozen=True)
class PadData:
    """Everything that the pad draws. Checked when built: ValueError names the field."""

    models: Sequence[PadModel]
    image: tuple[int, int, int]
    """(C, H, W); (1, 1, length) for texts, whose pixels are the numbers of their characters."""
    labels: np.ndarray | None = None
    """Class of each held-out image, integers (N,)."""
    classes: Sequence[str] = ()
    """Names of the classes."""
    originals: np.ndarray | None = None
    """The first M of the held-out images themselves, uint8 (M, C, H, W)."""
    attributes: np.ndarray | None = None
    """Attributes of the first M held-out images, 0 or 1, (M, A)."""
    attribute_names: Sequence[str] = ()
    """Names of the A attributes."""
    uploads: Sequence[str] = ()
    """Names of the user's own images, whose codes each model has."""
    start: PadState | None = None
    """The state at first and after a reset; by default the first model at the first held-out image. The pad itself remembers
    where the handle is, so a page should not change this between runs: data with another start moves the handle."""
    server: PadServer | None = None
    """The server route for the models whose `where` is "server"."""
    characters: Sequence[str] = ()
    """The characters of texts, in the order of their numbers, which begin with 1 because 0 ends a text; none for images."""
    smooth: bool = False
    """True if images are interpolated (faces, letters) rather than drawn as crisp pixels."""

    def __post_init__(self) -> None:
        check(0 < len(self.models) <= MAX_MODELS, "models", f"has 1 to {MAX_MODELS} models")
        count = len(self.models[0].codes)
        check(all(len(model.codes) == count for model in self.models), "models", "has codes of the same images")
        check(len({model.name for model in self.models}) == len(self.models), "models", "has each model once")
        counts = {0 if model.uploads is None else len(model.uploads) for model in self.models}
        check(len({tuple(model.conditions) for model in self.models if model.conditions}) < 2, "models", "has the same classes")
        check(counts == {len(self.uploads)}, "uploads", "has a name for each of the models' own-image codes")
        shape = (0, 0) if self.attributes is None else np.shape(self.attributes)
        check(len(shape) == 2 and shape[0] <= count, "attributes", f"has shape (M, A), M at most {count}")
        check(shape[1] == len(self.attribute_names), "attributes", "has a name for each column")
        check_labels(self.labels, self.classes, count)
        check_originals(self.originals, self.image, count)

    def to_bytes(self) -> bytes:
        """The payload as bytes. Raises ValueError where the server decodes a model and no `server` is given."""
        on_server = any(model.where == "server" for model in self.models)
        check(self.server is not None or not on_server, "server", "is given where it decodes a model")
        header = {
            "models": [model.header() for model in self.models],
            "image": list(self.image),
            "characters": list(self.characters),
            "classes": list(self.classes),
            "attributes": list(self.attribute_names),
            "uploads": list(self.uploads),
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
        return message(header, tensors)


def latent_pad(data: PadData | bytes, key: str) -> PadState | None:
    """Draws the pad. Returns its state when the handle was last released, or None before that.

    `data` may be the result of `PadData.to_bytes`, which a page can cache. A run with the same data leaves the pad as it is; a
    run with other data replaces what is shown.
    """
    payload = data.to_bytes() if isinstance(data, PadData) else bytes(data)
    state = render(FOLDER, "pad", payload, key)
    if state is None:
        return None
    path = _path(state.get("path"), len(state["z"]))
    return PadState(
        lead=str(state["lead"]),
        plane=str(state["plane"]),
        z=_code(state["z"]),
        same=bool(state["same"]),
        display=str(state["display"]),
        overlay=str(state["overlay"]),
        condition=None if state.get("condition") is None else int(state["condition"]),
        path=path,
    )


def _path(reported: Any, latent: int) -> PadPath | None:
    """The path that the page reports; None where it reports none or an invalid one."""
    codes = reported["codes"] if reported and reported["kind"] in INTERPOLATIONS else ()
    if not 1 < len(codes) <= MAX_PATH_CODES or any(len(code) != latent for code in codes):
        return None
    return PadPath(str(reported["kind"]), tuple(_code(code) for code in codes))


def _code(values: Sequence[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)

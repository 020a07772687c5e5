"""The view: what the user looks at, as one value that pages share and the URL holds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

import streamlit as st

from explorer.choices import DISPLAY_MODES, OVERLAYS
from explorer.services import jobs
from explorer.services.models import Registry
from vae_core.models.spaces import PathKind
from vae_core.projection import settings

VERSION = 2
MAX_MODELS = 4
MAX_COORDINATE = 1e4
"""Largest coordinate of a code or a map that is accepted from a URL."""
MAX_IMAGES, MAX_COLOURINGS, MAX_CORNERS, MAX_SEEDS = 100_000, 8, 40, 1000
PATHS: tuple[PathKind, ...] = ("linear", "spherical")
"""Kinds of interpolation on the page Compare."""


@dataclass(frozen=True)
class MapSettings:
    """The projection of the lead model's codes on the page Map."""

    method: str = "pca"
    parameters: tuple[tuple[str, float], ...] = ()
    """Parameters that the user has set, (name, value), sorted by name. The others have the method's defaults."""

    def query(self) -> str:
        """The settings as the value of a query parameter."""
        return ";".join([self.method, *(f"{name}={value:g}" for name, value in self.parameters)])


@dataclass(frozen=True)
class View:
    """The data set, the models that are shown, and what each page shows of them."""

    data: str
    models: tuple[str, ...]
    """Names of one to MAX_MODELS models, in the order of the registry."""
    lead: str
    """The name of the model whose latent space is dragged in and mapped."""
    plane: str = ""
    """The lead model's plane: two dimensions, such as "3-7"; "pc" for the principal components; three held-out images, such as
    "im12-7-99"; empty for the default plane."""
    z: tuple[float, ...] = ()
    """The lead model's code at the handle; empty for the code of the first held-out image."""
    same: bool = False
    """True if the other models decode the same numbers, rather than the codes of the same images."""
    display: str = "mean"
    """The pad's display mode: one of DISPLAY_MODES."""
    overlay: str = "none"
    """The pad's overlay: one of OVERLAYS."""
    condition: int | None = None
    """The class that conditional models are given; None for the class of the first held-out image."""
    map: MapSettings = MapSettings()
    colour: int = -1
    """The index of the map's colouring; -1 for colours by class."""
    picked: int | None = None
    """The held-out image that was clicked on the map, or None."""
    lasso: tuple[tuple[float, float], ...] = ()
    """Corners of the region that was drawn on the map, in the map's own units. The points inside are found again from the
    corners."""

    row: int = 0
    """Index of the first held-out image on the page Compare."""
    seed: int = 0
    """Seed of the samples on the page Compare."""
    ends: tuple[int, int] = (0, 1)
    """Indices of the two images between which the page Compare interpolates."""
    path: PathKind = "linear"
    """The kind of interpolation: one of PATHS."""
    run: str = ""
    """Name of the fine-tuning run that is shown; empty for none."""

    def query(self) -> dict[str, str]:
        """The view as query parameters. `read` returns an equal view."""
        out = {"v": str(VERSION), "data": self.data, "models": _joined(self.models)}
        if self.lead != self.models[0]:
            out["lead"] = self.lead
        if self.plane:
            out["plane"] = self.plane
        if self.z:
            out["z"] = _number_list(self.z)
        if self.same:
            out["same"] = "1"
        # These two parameters keep their first names, so that links from earlier versions stay valid.
        if self.display != DISPLAY_MODES[0]:
            out["look"] = self.display
        if self.overlay != OVERLAYS[0]:
            out["heat"] = self.overlay
        if self.condition is not None:
            out["class"] = str(self.condition)
        if self.map != MapSettings():
            out["map"] = self.map.query()
        if self.colour >= 0:
            out["colour"] = str(self.colour)
        if self.picked is not None:
            out["picked"] = str(self.picked)
        if self.lasso:
            out["lasso"] = _number_list(value for corner in self.lasso for value in corner)
        if self.row:
            out["row"] = str(self.row)
        if self.seed:
            out["seed"] = str(self.seed)
        if self.ends != (0, 1):
            out["ends"] = "{},{}".format(*self.ends)
        if self.path != PATHS[0]:
            out["path"] = self.path
        if self.run:
            out["run"] = self.run
        return out


def read(query: Mapping[str, str], registry: Registry) -> View:
    """The view that query parameters describe. Parameters that are missing or invalid have their defaults."""
    if query.get("v", str(VERSION)) != str(VERSION):
        query = {}
    asked = _split(query.get("models", ""))
    cards = [card for card in registry.cards if card.name in asked]
    if not cards:
        cards = registry.of(query.get("data", ""))[:1] or [registry.cards[0]]
    data = cards[0].data
    names = tuple(card.name for card in cards if card.data == data)[:MAX_MODELS]
    lead = query.get("lead", names[0])
    lead = lead if lead in names else names[0]
    latent = registry.card(lead).config.code_size
    given = [registry.card(name).config.condition for name in names]
    classes = max((category.count for category in given if category is not None), default=0)
    colour = _index(query.get("colour", ""), MAX_COLOURINGS)
    return View(
        data,
        names,
        lead,
        plane=_plane(query.get("plane", ""), latent),
        z=_code(query.get("z", ""), latent),
        same="same" in query,
        display=query["look"] if query.get("look") in DISPLAY_MODES else DISPLAY_MODES[0],
        overlay=query["heat"] if query.get("heat") in OVERLAYS else OVERLAYS[0],
        condition=_index(query.get("class", ""), classes),
        map=_map(query.get("map", "")),
        colour=-1 if colour is None else colour,
        picked=_index(query.get("picked", ""), MAX_IMAGES),
        lasso=_lasso(query.get("lasso", "")),
        row=_index(query.get("row", ""), MAX_IMAGES) or 0,
        seed=_index(query.get("seed", ""), MAX_SEEDS) or 0,
        ends=_pair(query.get("ends", "")),
        path=cast("PathKind", query["path"]) if query.get("path") in PATHS else PATHS[0],
        run=query["run"] if jobs.NAME.fullmatch(query.get("run", "")) else "",
    )


def _joined(names: Iterable[str]) -> str:
    """Joins names with commas. Commas within a name are written as %2C."""
    return ",".join(name.replace("%", "%25").replace(",", "%2C") for name in names)


def _split(text: str) -> list[str]:
    """Splits what `_joined` has joined."""
    return [name.replace("%2C", ",").replace("%25", "%") for name in text.split(",") if name]


def _plane(text: str, latent: int) -> str:
    if text == "pc":
        return text if latent > 2 else ""
    if text.startswith("im"):
        images = [_index(part, MAX_IMAGES) for part in text[2:].split("-")]
        return text if latent > 2 and len(images) == 3 and None not in images else ""
    parts = [_index(part, latent) for part in text.split("-")]
    return text if len(parts) == 2 and None not in parts and parts[0] != parts[1] else ""


def _code(text: str, latent: int) -> tuple[float, ...]:
    code = _numbers(text)
    return code if len(code) == latent else ()


def _lasso(text: str) -> tuple[tuple[float, float], ...]:
    numbers = _numbers(text)
    fits = len(numbers) % 2 == 0 and 6 <= len(numbers) <= 2 * MAX_CORNERS
    return tuple(zip(numbers[::2], numbers[1::2], strict=True)) if fits else ()


def _pair(text: str) -> tuple[int, int]:
    numbers = [_index(part, MAX_IMAGES) for part in text.split(",")]
    match numbers:
        case [int(first), int(second)]:
            return first, second
    return 0, 1


def _map(text: str) -> MapSettings:
    method, *parts = text.split(";")
    try:
        parameters = {name: float(value) for name, _, value in (part.partition("=") for part in parts)}
        return MapSettings(method, tuple(sorted(settings(method, parameters).items())))
    except ValueError:
        return MapSettings()


def _index(text: str, limit: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) < limit else None


def _number_list(numbers: Iterable[float]) -> str:
    # A comma would take three characters in an address.
    return "_".join(f"{round(value, 4):.5g}" for value in numbers)


def _numbers(text: str) -> tuple[float, ...]:
    """Parses numbers between underscores, or between commas as people write them. Empty where the text is invalid."""
    try:
        numbers = tuple(float(part) for part in text.replace(",", "_").split("_"))
    except ValueError:
        return ()
    return numbers if all(math.isfinite(n) and abs(n) <= MAX_COORDINATE for n in numbers) else ()


def with_models(view: View, registry: Registry, data: str, names: tuple[str, ...]) -> View:
    """The view with other models. The point in latent space is kept if the lead model stays."""
    names = tuple(card.name for card in registry.of(data) if card.name in names)[:MAX_MODELS]
    if view.lead in names:
        return replace(view, data=data, models=names)
    return View(data, names, names[0])


def current(registry: Registry, page: str) -> View:
    """This session's view on a page. It comes from the URL at first, and again when the browser has gone back or forward."""
    known = {card.name for card in registry.cards}
    before, st.session_state["view-page"] = st.session_state.get("view-page"), page
    stored = st.session_state.get("view")
    if stored is None:
        st.session_state.view = _from_url(registry)
    elif not known.issuperset(stored.models):
        show(read(st.query_params, registry))
    elif page != before and st.query_params and dict(st.query_params) != stored.query():
        show(_from_url(registry))
        # The sidebar still has the choices of the page that was left.
        st.session_state["sidebar-choose"] = st.session_state.view.models
    else:
        # The address of another page has no query, and a run may be opened with the query of an earlier one, so the URL is
        # written again.
        show(stored)
    return st.session_state.view


def _from_url(registry: Registry) -> View:
    """The view of the URL. Names and points in it that do not exist are stored for a message."""
    parsed, known = read(st.query_params, registry), {card.name for card in registry.cards}
    asked = _split(st.query_params.get("models", ""))
    st.session_state["view-missing"] = tuple(name for name in asked if name not in known)
    st.session_state["view-misread"] = bool(st.query_params.get("z")) and not parsed.z
    return parsed


def unknown_models() -> tuple[str, ...]:
    """Names of models in the address that do not exist. They are returned once."""
    return st.session_state.pop("view-missing", ())


def has_invalid_point() -> bool:
    """True if the address has a point that does not fit the model. This is reported once."""
    return st.session_state.pop("view-misread", False)


def show(view: View) -> None:
    """Stores a view as the session's view, and in the URL."""
    st.session_state.view = view
    wanted = view.query()
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def show_run(name: str) -> None:
    """Shows another fine-tuning run, or none for an empty name."""
    show(replace(st.session_state.view, run=name))


def start(key: str) -> View:
    """The view that a component started from: the session's view at the time when it was first drawn.

    A component keeps its own state, and data with another start would move it.
    """
    component = st.session_state.get(key)
    if component is None or component.get("state") is None:
        st.session_state[f"{key}-start"] = st.session_state.view
    return st.session_state[f"{key}-start"]

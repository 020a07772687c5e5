"""What a person looks at, as one value: it is what the URL holds, and what pages share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import streamlit as st

from explorer.components.latent_pad import LOOKS, OVERLAYS
from explorer.services import jobs
from explorer.services.models import Shelf
from vae_core.projection import settings

VERSION = 2
MOST_MODELS = 4
LIMIT = 1e4
"""Coordinates beyond this come from no pad and no map."""
MOST_IMAGES, MOST_COLOURINGS, MOST_CORNERS, MOST_SEEDS = 100_000, 8, 40, 1000
PATHS = ("linear", "spherical")


@dataclass(frozen=True)
class Map:
    """How the codes of the lead are drawn on the page Map."""

    method: str = "pca"
    parameters: tuple[tuple[str, float], ...] = ()
    """By name, in their order; those that are missing are the method's own."""

    def query(self) -> str:
        return ";".join([self.method, *(f"{name}={value:g}" for name, value in self.parameters)])


@dataclass(frozen=True)
class View:
    """Data set, models side by side, and where in the latent space of the leading one."""

    data: str
    models: tuple[str, ...]
    """One to MOST_MODELS, in the shelf's order."""
    lead: str
    """The one that is dragged."""
    plane: str = ""
    """Of the lead: two dimensions, as "3-7", "pc", or three held-out images, as "im12-7-99"; empty: the usual one."""
    z: tuple[float, ...] = ()
    """Code of the lead at the handle; empty: that of the first held-out image."""
    same: bool = False
    """The other models are given the same numbers."""
    look: str = "mean"
    """What is shown of a code: one of LOOKS."""
    heat: str = "none"
    """What lies over the plane: one of OVERLAYS."""
    map: Map = Map()
    colour: int = -1
    """On the map: -1 by class, else which amount."""
    picked: int | None = None
    """A held-out image that was clicked on the map."""
    lasso: tuple[tuple[float, float], ...] = ()
    """Corners, in the map's own units, of what was drawn round points: a rule, which another browser can follow."""

    row: int = 0
    """The first of the held-out images that models are compared on."""
    seed: int = 0
    """Of the samples."""
    ends: tuple[int, int] = (0, 1)
    """The images between which models are interpolated."""
    path: str = "linear"
    """How: one of PATHS."""
    run: str = ""
    """The fine-tuning run that is looked at."""

    def query(self) -> dict[str, str]:
        """As query parameters; `read` gives back an equal view."""
        out = {"v": str(VERSION), "data": self.data, "models": _listed(self.models)}
        if self.lead != self.models[0]:
            out["lead"] = self.lead
        if self.plane:
            out["plane"] = self.plane
        if self.z:
            out["z"] = _written(self.z)
        if self.same:
            out["same"] = "1"
        if self.look != LOOKS[0]:
            out["look"] = self.look
        if self.heat != OVERLAYS[0]:
            out["heat"] = self.heat
        if self.map != Map():
            out["map"] = self.map.query()
        if self.colour >= 0:
            out["colour"] = str(self.colour)
        if self.picked is not None:
            out["picked"] = str(self.picked)
        if self.lasso:
            out["lasso"] = _written(value for corner in self.lasso for value in corner)
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


def read(query: Mapping[str, str], shelf: Shelf) -> View:
    """The view that query parameters describe; what they do not say, or say wrongly, is as in the first view."""
    if query.get("v", str(VERSION)) != str(VERSION):
        query = {}
    asked = _names(query.get("models", ""))
    cards = [card for card in shelf.cards if card.name in asked]
    if not cards:
        cards = shelf.of(query.get("data", ""))[:1] or [shelf.cards[0]]
    data = cards[0].data
    names = tuple(card.name for card in cards if card.data == data)[:MOST_MODELS]
    lead = query.get("lead", names[0])
    lead = lead if lead in names else names[0]
    latent = shelf.card(lead).config.latent
    colour = _whole(query.get("colour", ""), MOST_COLOURINGS)
    return View(
        data,
        names,
        lead,
        plane=_plane(query.get("plane", ""), latent),
        z=_code(query.get("z", ""), latent),
        same="same" in query,
        look=query["look"] if query.get("look") in LOOKS else LOOKS[0],
        heat=query["heat"] if query.get("heat") in OVERLAYS else OVERLAYS[0],
        map=_map(query.get("map", "")),
        colour=-1 if colour is None else colour,
        picked=_whole(query.get("picked", ""), MOST_IMAGES),
        lasso=_lasso(query.get("lasso", "")),
        row=_whole(query.get("row", ""), MOST_IMAGES) or 0,
        seed=_whole(query.get("seed", ""), MOST_SEEDS) or 0,
        ends=_pair(query.get("ends", "")),
        path=query["path"] if query.get("path") in PATHS else PATHS[0],
        run=query["run"] if jobs.NAME.fullmatch(query.get("run", "")) else "",
    )


def _listed(names: Iterable[str]) -> str:
    """Names between commas, their own commas written as %2C."""
    return ",".join(name.replace("%", "%25").replace(",", "%2C") for name in names)


def _names(text: str) -> list[str]:
    """The names that `_listed` has joined."""
    return [name.replace("%2C", ",").replace("%25", "%") for name in text.split(",") if name]


def _plane(text: str, latent: int) -> str:
    if text == "pc":
        return text if latent > 2 else ""
    if text.startswith("im"):
        images = [_whole(part, MOST_IMAGES) for part in text[2:].split("-")]
        return text if latent > 2 and len(images) == 3 and None not in images else ""
    parts = [_whole(part, latent) for part in text.split("-")]
    return text if len(parts) == 2 and None not in parts and parts[0] != parts[1] else ""


def _code(text: str, latent: int) -> tuple[float, ...]:
    code = _numbers(text)
    return code if len(code) == latent else ()


def _lasso(text: str) -> tuple[tuple[float, float], ...]:
    numbers = _numbers(text)
    fits = len(numbers) % 2 == 0 and 6 <= len(numbers) <= 2 * MOST_CORNERS
    return tuple(zip(numbers[::2], numbers[1::2], strict=True)) if fits else ()


def _pair(text: str) -> tuple[int, int]:
    numbers = [_whole(part, MOST_IMAGES) for part in text.split(",")]
    return (numbers[0], numbers[1]) if len(numbers) == 2 and None not in numbers else (0, 1)


def _map(text: str) -> Map:
    method, *parts = text.split(";")
    try:
        given = {name: float(value) for name, _, value in (part.partition("=") for part in parts)}
        return Map(method, tuple(sorted(settings(method, given).items())))
    except ValueError:
        return Map()


def _whole(text: str, limit: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) < limit else None


def _written(numbers: Iterable[float]) -> str:
    # A comma would be three characters of an address each time.
    return "_".join(f"{round(value, 4):.5g}" for value in numbers)


def _numbers(text: str) -> tuple[float, ...]:
    """Numbers between underscores, or commas as a person would write them."""
    try:
        numbers = tuple(float(part) for part in text.replace(",", "_").split("_"))
    except ValueError:
        return ()
    return numbers if all(math.isfinite(n) and abs(n) <= LIMIT for n in numbers) else ()


def choose(view: View, shelf: Shelf, data: str, names: tuple[str, ...]) -> View:
    """The view with other models; the place stays where the lead does."""
    names = tuple(card.name for card in shelf.of(data) if card.name in names)[:MOST_MODELS]
    if view.lead in names:
        return replace(view, data=data, models=names)
    return View(data, names, names[0])


def current(shelf: Shelf, page: str) -> View:
    """This session's view on a page: at first the URL's, and again where the browser has gone back or forward to the page."""
    known = {card.name for card in shelf.cards}
    before, st.session_state["view-page"] = st.session_state.get("view-page"), page
    seen = st.session_state.get("view")
    if seen is None:
        st.session_state.view = _asked(shelf)
    elif not known.issuperset(seen.models):
        show(read(st.query_params, shelf))
    elif page != before and st.query_params and dict(st.query_params) != seen.query():
        show(_asked(shelf))
        # The sidebar's choices are those of the page that was left.
        st.session_state["sidebar-choose"] = st.session_state.view.models
    else:
        # The address of another page comes without a query, and a run may be asked for with the query of an earlier one.
        show(seen)
    return st.session_state.view


def _asked(shelf: Shelf) -> View:
    """The view of the URL; what it names that is not there is kept to be told."""
    found, known = read(st.query_params, shelf), {card.name for card in shelf.cards}
    asked = _names(st.query_params.get("models", ""))
    st.session_state["view-missing"] = tuple(name for name in asked if name not in known)
    st.session_state["view-misread"] = bool(st.query_params.get("z")) and not found.z
    return found


def missing() -> tuple[str, ...]:
    """Models that the address named and that are not here; told once."""
    return st.session_state.pop("view-missing", ())


def misread() -> bool:
    """Whether the address named a point that the model has not; told once."""
    return st.session_state.pop("view-misread", False)


def show(view: View) -> None:
    """Makes `view` the session's view and the URL's."""
    st.session_state.view = view
    wanted = view.query()
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def show_run(name: str) -> None:
    """The same with another fine-tuning run; none for an empty name."""
    show(replace(st.session_state.view, run=name))


def start(key: str) -> View:
    """What the component of that key starts from: the view as it was when it was put on the page, for as long as it tells of
    itself there. It keeps its own place, and other data would move it."""
    told = st.session_state.get(key)
    if told is None or told.get("state") is None:
        st.session_state[f"{key}-start"] = st.session_state.view
    return st.session_state[f"{key}-start"]

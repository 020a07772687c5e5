"""The checkpoints on the shelf: what each is, and the parts of it that pages draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from vae_core import library
from vae_core.checkpoint import Checkpoint, CheckpointError, read_header
from vae_core.config import ModelConfig
from vae_core.zoo import zoo_name

MODELS_IN_MEMORY = 16
ORDER = ("mnist", "fashion_mnist", "faces", "celeba", "shapes")
"""Data sets that come first, in this order; others follow by name."""
EXPLAIN = {
    "ae": "Nothing asks a plain AE to fill the gaps between its codes: what it draws there need not look like anything.",
    "vae": "Each image is a small cloud of codes and all clouds are drawn towards the origin, so the space between is filled.",
    "beta-vae": "With the rate weighed four times, fewer details are told and each dimension has to earn its place.",
}


@dataclass(frozen=True)
class Card:
    """One checkpoint, as read from its header."""

    name: str
    data: str
    data_title: str
    data_about: str
    kind: str
    """Its row in the zoo, which sets its colour and marker."""
    config: ModelConfig
    title: str
    metrics: dict[str, Any]
    fingerprint: str
    """Of its data set: models that share it have codes of the same held-out images."""

    @property
    def summary(self) -> str:
        """One sentence: size of the code, and the held-out figure that matters most."""
        elbo, mse = self.metrics.get("negative_elbo"), self.metrics.get("mse")
        figures = [] if elbo is None else [f"negative ELBO {elbo:.1f} nats"]
        figures += [] if mse is None else [f"MSE {mse:.4f}"]
        held_out = f" On held-out images: {', '.join(figures)}." if figures else ""
        return f"A code of {self.config.latent} dimensions.{held_out}"


@dataclass(frozen=True)
class Shelf:
    """All checkpoints that can be read, and a sentence for each file that cannot."""

    cards: tuple[Card, ...]
    problems: tuple[str, ...]

    def data_sets(self) -> list[str]:
        return list(dict.fromkeys(card.data for card in self.cards))

    def data_title(self, data: str) -> str:
        return next(card.data_title for card in self.cards if card.data == data)

    def of(self, data: str) -> list[Card]:
        return [card for card in self.cards if card.data == data]

    def card(self, name: str) -> Card:
        return next(card for card in self.cards if card.name == name)


def shelf() -> Shelf:
    """The shelf as it is on disk now; headers are read again only where a file changed."""
    return _shelf(tuple((name, str(path), path.stat().st_mtime_ns) for name, path in library.paths().items()))


@st.cache_data(max_entries=4, show_spinner=False)
def _shelf(files: tuple[tuple[str, str, int], ...]) -> Shelf:
    cards, problems = [], []
    for name, path, _ in files:
        try:
            cards.append(_card(name, read_header(path)))
        except CheckpointError as error:
            problems.append(str(error))
    return Shelf(tuple(sorted(cards, key=_order)), tuple(problems))


def _card(name: str, header: dict[str, Any]) -> Card:
    config = ModelConfig.from_json(header["config"])
    data = header["data"]
    return Card(
        name=name,
        data=str(data.get("name", "")),
        data_title=str(data.get("title", data.get("name", ""))),
        data_about=str(data.get("about", "")),
        kind=zoo_name(config),
        config=config,
        title=header["title"] or name,
        metrics=header["metrics"],
        fingerprint=str(data.get("fingerprint", "")),
    )


def _order(card: Card) -> tuple:
    place = ORDER.index(card.data) if card.data in ORDER else len(ORDER)
    # A VAE of two dimensions comes first: the whole of its latent space is on the pad.
    kinds = ["vae", "beta-vae", "ae"]
    kind = kinds.index(card.kind) if card.kind in kinds else len(kinds)
    return place, card.data, card.config.latent, kind, card.name


def stamp(name: str) -> int:
    """Changes when the checkpoint's file does."""
    return library.find(name).stat().st_mtime_ns


def load(name: str) -> Checkpoint:
    """A checkpoint, kept in memory while it is among the last used. Raises CheckpointError."""
    return _load(str(library.find(name)), stamp(name))


@st.cache_resource(max_entries=MODELS_IN_MEMORY, show_spinner=False)
def _load(path: str, changed: int) -> Checkpoint:
    return library.load(path)


def explain(card: Card) -> str:
    """What the pad shows of this model, in a sentence."""
    plane = "its whole latent space" if card.config.latent == 2 else (
        f"a plane through its {card.config.latent} dimensions, the others held where they are; dots off the plane are pale"
    )  # fmt: skip
    why = EXPLAIN.get(card.kind, "")
    return f"{card.title} on {card.data_title}: {plane}. Dots are images that it was not trained on. {why}".strip()

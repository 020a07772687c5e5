"""The checkpoints on the shelf: what each is, and the parts of it that pages draw."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st
from torch import Tensor

from explorer.components.tokens import tokens
from explorer.services import checkpoint_files
from explorer.services.checkpoint_files import File
from explorer.services.text import counted, distinct
from vae_core import checkpoint
from vae_core.checkpoint import Checkpoint, CheckpointError, read_header
from vae_core.config import ModelConfig
from vae_core.data.provenance import titled
from vae_core.data.untrusted import shown
from vae_core.models.flat import Autoencoder
from vae_core.zoo import zoo_name

MODELS_IN_MEMORY = 16
ORDER = ("mnist", "fashion_mnist", "faces", "celeba", "shapes")
"""Data sets that come first, in this order; others follow by name."""
TOGETHER = {"mnist5k": "mnist"}
"""A set that is part of another: its models are shown with the other's."""
OTHER = {"colour": "#5b6470", "marker": "triangle"}
EXPLAIN = {
    "ae": "Nothing asks a plain AE to fill the gaps between its codes: what it draws there need not look like anything.",
    "vae": "Each image is a small cloud of codes and all clouds are drawn towards the origin, so the space between is filled.",
    "beta-vae": "With the rate weighed by {beta:g}, fewer details are told and each dimension has to earn its place.",
}


@dataclass(frozen=True)
class Card:
    """One checkpoint, as read from its header."""

    name: str
    data: str
    """The data set that it is shown with."""
    data_title: str
    data_about: str
    kind: str
    """Its row in the zoo, which sets its colour and marker."""
    config: ModelConfig
    title: str
    metrics: dict[str, Any]
    fingerprint: str
    """Of its data set: models that share it have codes of the same held-out images."""
    training: dict[str, Any] = field(default_factory=dict)
    """Its configuration, and what the run came to."""
    source: str = ""
    """The data set that it was trained on."""
    trained_before: tuple[str, ...] = ()
    """Titles of the data sets that its weights were trained on before, whose training images may be among its test images."""
    own: bool = False
    """Kept in the app, to be renamed and deleted."""

    @property
    def summary(self) -> str:
        """One sentence: size of the code, and the held-out figure that matters most."""
        elbo, mse = self.metrics.get("negative_elbo"), self.metrics.get("mse")
        figures = [] if elbo is None else [f"negative ELBO {elbo:.1f} nats"]
        figures += [] if mse is None else [f"MSE {mse:.4f}"]
        images = "test" if self.trained_before else "held-out"
        measured = f" On {images} images: {', '.join(figures)}." if figures else ""
        return f"A code of {counted(self.config.latent, 'dimension')}.{measured}"


@dataclass(frozen=True)
class Shelf:
    """All checkpoints that can be read, and a sentence for each file that cannot."""

    cards: tuple[Card, ...]
    problems: tuple[str, ...]

    def data_sets(self) -> list[str]:
        return list(dict.fromkeys(card.data for card in self.cards))

    def data_title(self, data: str) -> str:
        # A set's own models say what it is called, and not those of a part of it.
        cards = sorted(self.cards, key=lambda card: card.source == card.data)
        return distinct({card.data: card.data_title for card in cards})[data]

    def titles(self, data: str) -> dict[str, str]:
        """Names of a data set's models to their titles, no two of which are the same."""
        return distinct({card.name: card.title for card in self.of(data)})

    def of(self, data: str) -> list[Card]:
        return [card for card in self.cards if card.data == data]

    def card(self, name: str) -> Card:
        return next(card for card in self.cards if card.name == name)


def shelf() -> Shelf:
    """The shelf as it is on disk now; headers are read again only where a file changed."""
    return _shelf(*checkpoint_files.files())


@st.cache_data(max_entries=4, show_spinner=False, hash_funcs={File: repr})
def _shelf(files: tuple[File, ...], left_out: tuple[str, ...]) -> Shelf:
    cards, problems = [], list(left_out)
    for file in files:
        try:
            cards.append(_card(file, read_header(file.path)))
        except CheckpointError as error:
            problems.append(str(error))
    return Shelf(tuple(sorted(cards, key=_order)), tuple(problems))


def _card(file: File, header: dict[str, Any]) -> Card:
    config = ModelConfig.from_json(header["config"])
    data = header["data"]
    return Card(
        name=file.name,
        data=TOGETHER.get(str(data.get("name", "")), str(data.get("name", ""))),
        source=str(data.get("name", "")),
        data_title=str(data.get("title", data.get("name", ""))),
        data_about=str(data.get("about", "")),
        kind=zoo_name(config),
        config=config,
        title=header["title"] if file.shipped and header["title"] else shown(file.name),
        metrics=header["metrics"],
        fingerprint=str(data.get("fingerprint", "")),
        training=header["training"],
        trained_before=tuple(titled(record) or "not known" for record in data.get("trained_before", ())),
        own=file.own,
    )


def _order(card: Card) -> tuple:
    place = ORDER.index(card.data) if card.data in ORDER else len(ORDER)
    # A VAE of two dimensions comes first: the whole of its latent space is on the pad.
    kinds = ["vae", "beta-vae", "ae"]
    kind = kinds.index(card.kind) if card.kind in kinds else len(kinds)
    return place, card.data, card.own, card.config.latent, kind, card.name


Facts = list[tuple[str, str]]


def facts(card: Card) -> tuple[tuple[str, Facts], tuple[str, Facts]]:
    """What a model is, and how it was trained: a title, and names with values."""
    config, run = card.config, card.training
    net = config.net
    layers = [("feature maps", net.channels), ("hidden", net.hidden)] if net.kind != "mlp" else [("hidden", net.hidden)]
    shape = "; ".join(f"{name} {', '.join(map(str, sizes))}" for name, sizes in layers)
    channels, height, width = config.image
    noise = "no noise" if config.posterior.kind == "deterministic" else "Gaussian"
    what = [
        ("Encoder and decoder", f"{net.kind}, {shape}"),
        ("Image", f"{width}x{height}, {'colour' if channels == 3 else 'grey'}"),
        ("Latent", f"{counted(config.latent, 'dimension')}, {noise}"),
        ("Likelihood", config.likelihood.scale),
    ]
    if config.posterior.kind != "deterministic":
        free = f", {config.objective.free_bits:g} free bits" if config.objective.free_bits else ""
        what.append(("Objective", f"distortion + {config.objective.beta:g} × rate{free}"))
    how = [("Data", card.data_title)]
    if card.trained_before:
        how.append(("Trained before on", "; ".join(card.trained_before)))
    settings = run.get("config")
    if isinstance(settings, dict) and isinstance(run.get("steps"), int):
        how += [
            ("Length", f"{counted(run['steps'], 'step')}, {float(run.get('epochs') or 0):.3g} epochs"),
            ("Optimiser", f"AdamW, learning rate {settings.get('lr')}, {settings.get('lr_schedule')}"),
            ("Batch size", str(settings.get("batch_size"))),
            ("Seed", str(settings.get("seed"))),
        ]
        # What is as usual goes without saying.
        if settings.get("trained", "all") != "all":
            how.append(("Trained part", {"heads": "latent heads"}.get(settings["trained"], str(settings["trained"]))))
        if settings.get("patience"):
            how.append(("Early stop", f"after {counted(settings['patience'], 'validation')} without progress"))
        if settings.get("ema"):
            how.append(("Average of the weights", f"{settings['ema']:g} a step"))
    return ("What it is", what), ("How it was trained", how)


def stamp(name: str) -> int:
    """Changes when the checkpoint's file does."""
    return checkpoint_files.find(name).changed


def load(name: str) -> Checkpoint:
    """A checkpoint, kept in memory while it is among the last used. Raises CheckpointError."""
    file = checkpoint_files.find(name)
    return _load(file.path, file.changed)


@st.cache_resource(max_entries=MODELS_IN_MEMORY, show_spinner=False)
def _load(path: Path, changed: int) -> Checkpoint:
    return checkpoint.load(path)


def codes_root(model: Autoencoder) -> Tensor | None:
    """A root of the covariance of the training codes, float64 (d, d); None where none was fitted or the codes are equal."""
    try:
        return model.codes_root()
    except ValueError:
        return None


def style_of(card: Card) -> dict[str, str]:
    """`colour` and `marker` of a model, the same everywhere."""
    return tokens()["models"].get(card.kind, OTHER)


def explain(card: Card) -> str:
    """What the pad shows of this model, in a sentence."""
    plane = {1: "its whole latent space, which is a line", 2: "its whole latent space"}.get(
        card.config.latent,
        f"a plane through its {card.config.latent} dimensions, the others held where they are; dots off the plane are pale",
    )
    why = EXPLAIN.get(card.kind, "").format(beta=card.config.objective.beta)
    dots = "test images of this data set" if card.trained_before else "images that it was not trained on"
    return f"{card.title} on {card.data_title}: {plane}. Dots are {dots}. {why}".strip()

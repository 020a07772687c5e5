"""The registry of checkpoints, their model cards, and the loaded models."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import streamlit as st

from explorer.choices import Marker
from explorer.design_tokens import design_tokens
from explorer.services import checkpoint_files
from explorer.services.checkpoint_files import CheckpointFile
from explorer.services.text import counted, unique_labels
from vae_core import checkpoint
from vae_core.checkpoint import Checkpoint, CheckpointError, read_header
from vae_core.config import ModelConfig, TokensField
from vae_core.config.descriptions import described
from vae_core.data.provenance import titled
from vae_core.data.untrusted import shown
from vae_core.metrics.table import labelled
from vae_core.models.samplers import FittedGaussian
from vae_core.zoo import ZOO, zoo_name

MODELS_IN_MEMORY = 16
"""Number of loaded checkpoints that stay in memory: the last used ones."""
DATA_SET_ORDER = ("mnist", "fashion_mnist", "faces", "celeba", "shapes")
"""Data sets that are listed first, in this order. The others follow by name."""
PARENT_DATA_SETS = {"mnist5k": "mnist"}
"""Data sets that are part of another one. Their models are listed with the larger set."""
LAYER_TITLES = {"channels": "feature maps"}


class ModelStyle(TypedDict):
    """Colour and marker of a model, the same on all pages."""

    colour: str
    marker: Marker


DEFAULT_STYLE: ModelStyle = {"colour": "#5b6470", "marker": "triangle"}

PLANES = {1: "its whole latent space, which is a line", 2: "its whole latent space"}
PLANE = "a plane through its {latent} dimensions, the other dimensions held fixed; dots off the plane are pale"
SPHERES = {
    2: "its whole latent space, which is the unit circle; a point off the circle stands for the nearest one on it",
    3: "the half of its sphere of codes that faces you, up to the rim; dots on the other half are pale",
}
SPHERE = (
    "half of a sphere through its {latent} dimensions, up to the rim; the other dimensions keep their proportions, and dots "
    "off this half are pale"
)


@dataclass(frozen=True)
class ModelCard:
    """A summary of one checkpoint, read from its header."""

    name: str
    data: str
    """Name of the data set that the model is listed under."""
    data_title: str
    data_about: str
    kind: str
    """Name of the model's row in the zoo, which determines its colour and marker."""
    config: ModelConfig
    title: str
    metrics: dict[str, Any]
    fingerprint: str
    """Fingerprint of the model's data set. Models with the same fingerprint have codes of the same held-out images."""
    training: dict[str, Any] = field(default_factory=dict)
    """Configuration and summary of the training run."""
    source: str = ""
    """Name of the data set that the model was trained on."""
    trained_before: tuple[str, ...] = ()
    """Titles of the data sets that the weights were trained on before, whose training images may be among the test images."""
    own: bool = False
    """True if it is one of the user's own models, which can be renamed and deleted."""

    @property
    def shows_images(self) -> bool:
        """True if the model is of images, which have pixels to compare; other observations are texts."""
        return bool(self.config.observation.images)

    @property
    def summary(self) -> str:
        """The size of the code and the most important held-out metrics, in a sentence or two."""
        known = [name for name in ("negative_elbo", "mse", "token_accuracy") if self.metrics.get(name) is not None]
        held_out = f"{'test' if self.trained_before else 'held-out'} {self.config.modelled.noun}s"
        measured = f" On {held_out}: {', '.join(labelled(name, self.metrics) for name in known)}." if known else ""
        return f"A code of {_size(self.config)}.{measured}"


@dataclass(frozen=True)
class Registry:
    """All checkpoints that can be read, and one sentence for each file that cannot."""

    cards: tuple[ModelCard, ...]
    problems: tuple[str, ...]

    def data_sets(self) -> list[str]:
        """Names of the data sets that have models."""
        return list(dict.fromkeys(card.data for card in self.cards))

    def data_title(self, data: str) -> str:
        """The title of a data set, which differs from all others."""
        # The title is that of the set's own models, not of models of a part of it.
        cards = sorted(self.cards, key=lambda card: card.source == card.data)
        return unique_labels({card.data: card.data_title for card in cards})[data]

    def titles(self, data: str) -> dict[str, str]:
        """Unique titles of a data set's models, by name."""
        return unique_labels({card.name: card.title for card in self.of(data)})

    def of(self, data: str) -> list[ModelCard]:
        """The models of a data set."""
        return [card for card in self.cards if card.data == data]

    def card(self, name: str) -> ModelCard:
        """The model of that name, which must exist."""
        return next(card for card in self.cards if card.name == name)


def registry() -> Registry:
    """The registry of the files on disk now. Headers are read again only where a file has changed."""
    return _registry(*checkpoint_files.files())


@st.cache_data(max_entries=4, show_spinner=False, hash_funcs={CheckpointFile: repr})
def _registry(files: tuple[CheckpointFile, ...], left_out: tuple[str, ...]) -> Registry:
    cards, problems = [], list(left_out)
    for file in files:
        try:
            cards.append(_card(file, read_header(file.path)))
        except CheckpointError as error:
            problems.append(str(error))
    return Registry(tuple(sorted(cards, key=_order)), tuple(problems))


def _card(file: CheckpointFile, header: dict[str, Any]) -> ModelCard:
    config = ModelConfig.from_json(header["config"])
    data = header["data"]
    return ModelCard(
        name=file.name,
        data=PARENT_DATA_SETS.get(str(data.get("name", "")), str(data.get("name", ""))),
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


def _order(card: ModelCard) -> tuple:
    position = DATA_SET_ORDER.index(card.data) if card.data in DATA_SET_ORDER else len(DATA_SET_ORDER)
    # A two-dimensional VAE comes first because the pad shows its whole latent space.
    kinds = sorted(ZOO, key=lambda kind: kind == "ae")
    kind = kinds.index(card.kind) if card.kind in kinds else len(kinds)
    return position, card.data, card.own, card.config.code_size, kind, card.name


def _size(config: ModelConfig) -> str:
    one_vector = config.structure.is_continuous and config.structure.has_one_group
    return counted(config.latent, "dimension") if one_vector else config.structure.title


Facts = list[tuple[str, str]]


def facts(card: ModelCard) -> tuple[tuple[str, Facts], tuple[str, Facts]]:
    """The facts about a model and about its training: for each, a title and a list of names with values."""
    config, run = card.config, card.training
    net = config.net
    layers = [(LAYER_TITLES.get(field.name, field.name), getattr(net, field.name)) for field in described(type(net))]
    layers = [(name, sizes) for name, sizes in layers if isinstance(sizes, tuple)] or layers
    shape = "; ".join(f"{name} {', '.join(map(str, sizes)) if isinstance(sizes, tuple) else sizes}" for name, sizes in layers)
    what = [
        ("Encoder and decoder", f"{net.kind}, {shape}"),
        (config.modelled.noun.capitalize(), _size_of_observation(config)),
        ("Latent", f"{_size(config)}, {config.posterior.title}"),
        ("Likelihood", config.likelihood.scale),
    ]
    what.append(("Objective", config.objective.formula))
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
        # Settings that have their usual value are not listed.
        if settings.get("trained", "all") != "all":
            how.append(("Trained part", {"heads": "latent heads"}.get(settings["trained"], str(settings["trained"]))))
        if settings.get("patience"):
            how.append(("Early stop", f"after {counted(settings['patience'], 'validation')} without progress"))
        if settings.get("ema"):
            how.append(("Average of the weights", f"{settings['ema']:g} per step"))
    return ("What it is", what), ("How it was trained", how)


def _size_of_observation(config: ModelConfig) -> str:
    field = config.modelled
    if isinstance(field, TokensField):
        return f"up to {field.length - 1} of {len(field.vocabulary)} characters"
    channels, height, width = field.shape
    return f"{width}x{height}, {'colour' if channels == 3 else 'grey'}"


def file_version(name: str) -> int:
    """A number that changes whenever the checkpoint's file changes."""
    return checkpoint_files.find(name).modified_ns


def load(name: str) -> Checkpoint:
    """The checkpoint of that name, from memory if it was used recently. Raises CheckpointError."""
    file = checkpoint_files.find(name)
    return _load(file.path, file.modified_ns)


@st.cache_resource(max_entries=MODELS_IN_MEMORY, show_spinner=False)
def _load(path: Path, modified_ns: int) -> Checkpoint:
    return checkpoint.load(path)


def has_prior(card: ModelCard) -> bool:
    """True if the model was trained to decode draws from its prior."""
    return load(card.name).model.capabilities.prior


def has_plane(card: ModelCard) -> bool:
    """True if codes of the model are points that can be dragged and joined by a path."""
    return load(card.name).model.capabilities.plane


def reason_without_plane(card: ModelCard) -> str:
    """Returns a sentence that says why nothing is dragged in the latent space of a model without a plane, and what to open."""
    return (
        f"{card.title} has no plane to drag through: its code is a grid of whole numbers ({card.config.structure.title}) with "
        "nothing between them. The page Map shows the codes of held-out images, and Compare their reconstructions."
    )


def has_details(card: ModelCard) -> bool:
    """True if the model has groups of codes below the one that is dragged."""
    return load(card.name).model.detail_size > 0


def code_count(card: ModelCard) -> int | None:
    """Number of codes of the codebook of a model whose codes are whole numbers; None for other models."""
    return getattr(card.config.structure, "codes", None)


def conditions(card: ModelCard) -> tuple[str, ...]:
    """Names of the classes of which the model is given one; none for a model that is given nothing."""
    checkpoint = load(card.name)
    return checkpoint.classes if checkpoint.model.capabilities.conditions else ()


def fitted_codes(card: ModelCard) -> FittedGaussian | None:
    """The Gaussian fitted to the codes of training images. None where it was not kept, or all codes are equal."""
    return load(card.name).codes


def beta_of(card: ModelCard) -> float | None:
    """The weight of the rate in the loss. None for a model whose objective has none."""
    return getattr(card.config.objective, "beta", None)


def style_of(card: ModelCard) -> ModelStyle:
    """The `colour` and the `marker` of a model, which are the same on all pages."""
    return design_tokens()["models"].get(card.kind, DEFAULT_STYLE)


def explain(card: ModelCard) -> str:
    """An explanation of what the pad shows of this model."""
    why = f"{ZOO[card.kind].change} Its loss is {card.config.objective.formula}." if card.kind in ZOO else ""
    if not has_plane(card):
        return f"{reason_without_plane(card)} {why}".strip()
    latent = card.config.latent
    if card.config.posterior.space == "sphere":
        plane = SPHERES.get(latent, SPHERE).format(latent=latent)
    else:
        plane = PLANES.get(latent, PLANE).format(latent=latent)
    if conditions(card):
        plane += ". The model is given a class, which the switch below the plane sets; the code holds the rest, such as style"
    if has_details(card):
        plane += ". A second code, of details, depends on this one; a switch below the plane puts it at its mean or at one draw"
    noun = card.config.modelled.noun
    dots = f"test {noun}s of this data set" if card.trained_before else f"{noun}s that the model was not trained on"
    return f"{card.title} on {card.data_title}: {plane}. Dots are {dots}. {why}".strip()

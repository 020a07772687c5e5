"""Recipes of the shipped checkpoints: `python -m vae_core train --recipe NAME` trains one from the real data."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vae_core import zoo
from vae_core.config import (
    BernoulliConfig,
    ConstantSchedule,
    ConvConfig,
    LikelihoodConfig,
    LinearSchedule,
    ModelConfig,
    NetConfig,
    ResidualConfig,
    TrainConfig,
)
from vae_core.data.sources import FIELDS_OF


@dataclass(frozen=True)
class Recipe:
    """A data set, a model of the zoo, and how it is trained on it."""

    name: str
    title: str
    data: str
    model: ModelConfig
    train: TrainConfig
    iwae_samples: int = 0
    """Importance samples of the log-likelihood among the held-out figures; 0: it is not among them."""


WARM_UP = LinearSchedule(share=0.1)


def _grid(
    data: str,
    image: tuple[int, int, int],
    latent: int,
    net: NetConfig,
    train: TrainConfig,
    names: tuple[str, ...] = ("ae", "vae", "beta-vae"),
    likelihood: LikelihoodConfig | None = None,
    stem: str = "",
) -> list[Recipe]:
    """Models of the zoo in one setting, told apart by nothing but their rows."""
    recipes = []
    for name in names:
        config = zoo.model_config(name, image, latent, net, likelihood)
        if config.objective.needs_rate:
            config = config.replace(objective=config.objective.replace(schedule=WARM_UP))
        title = f"{zoo.ZOO[name].title}, {latent}-D"
        recipes.append(Recipe(f"{stem or data}-{name}-{latent}", title, data, config, train))
    return recipes


GREY = (1, 28, 28)
GREY_NET = ResidualConfig(channels=(16, 32), hidden=(256,), conv_blocks=0, dense_blocks=2)
GREY_TRAIN = TrainConfig(epochs=60, lr=3e-3, validate_every=2, engine="compile", threads=1)

# Sixteen dimensions and more tell enough for finer strokes to be worth drawing.
FINE_NET = GREY_NET.replace(conv_blocks=1, dense_blocks=3)
FINE_TRAIN = GREY_TRAIN.replace(epochs=80)

# Published log-likelihoods are set beside this one: it may be the slowest to train.
BINARY_NET = FINE_NET.replace(channels=(32, 64))
BINARY_TRAIN = GREY_TRAIN.replace(epochs=100)

CLOTHES_NET = GREY_NET.replace(hidden=(192,))
CLOTHES_TRAIN = GREY_TRAIN.replace(epochs=30)

BINARY = BernoulliConfig(binarize=True)

FACES_NET = ResidualConfig(channels=(24, 48, 96, 128), hidden=(256,), conv_blocks=0, dense_blocks=1)
FACES_TRAIN = TrainConfig(epochs=80, batch_size=128, lr=2e-3, flip=True, validate_every=4, engine="compile", threads=1)

SHAPES_NET = ConvConfig(channels=(16, 32, 32, 64), hidden=(256,), norm="none")
SHAPES_TRAIN = TrainConfig(epochs=15, batch_size=64, lr=2e-3, validate_every=1, engine="compile", threads=1)
# By the MIG of validation images after 6,000 steps, at half the size and a quarter of the beta for speed: 0.10 at 12, 0.24 at
# 16, 0.36 at 24; below 0.05 with batch norm, or with beta 4.
SHAPES_BETA = 20.0

IWAE_SAMPLES = 1000


def _binary() -> Recipe:
    """The VAE that published log-likelihoods can be set beside: pixels binarised anew at every use."""
    (recipe,) = _grid("mnist", GREY, 32, BINARY_NET, BINARY_TRAIN, ("vae",), BINARY)
    return replace(recipe, name="mnist-vae-32-binary", title="VAE, 32-D, binary pixels", iwae_samples=IWAE_SAMPLES)


def _shapes() -> list[Recipe]:
    """The pair that shows what beta does to the axes: it weighs from the first step, before any other code has formed."""
    vae, beta_vae = _grid("shapes", (1, 64, 64), 10, SHAPES_NET, SHAPES_TRAIN, ("vae", "beta-vae"), BINARY)
    objective = beta_vae.model.objective.replace(beta=SHAPES_BETA, schedule=ConstantSchedule())
    title = f"beta-VAE (beta {SHAPES_BETA:g}), 10-D"
    return [vae, replace(beta_vae, title=title, model=beta_vae.model.replace(objective=objective))]


def _names() -> Recipe:
    """Names on a plane. The code of a name holds two nats for each of its dimensions."""
    train = TrainConfig(steps=6000, lr=4e-3, engine="eager", threads=1)
    model = zoo.model_config("gru-vae", FIELDS_OF["names"], 2)
    return Recipe("names-gru-vae-2", "GRU-VAE, 2-D", "names", model, train)


RECIPES = {
    recipe.name: recipe
    for recipe in [
        *_grid("mnist", GREY, 2, GREY_NET, GREY_TRAIN),
        *_grid("mnist", GREY, 16, FINE_NET, FINE_TRAIN),
        _binary(),
        *_grid("fashion_mnist", GREY, 2, CLOTHES_NET, CLOTHES_TRAIN),
        *_grid("fashion_mnist", GREY, 16, CLOTHES_NET, CLOTHES_TRAIN),
        *_grid("celeba", (3, 64, 64), 64, FACES_NET, FACES_TRAIN, stem="faces"),
        *_shapes(),
        _names(),
    ]
}

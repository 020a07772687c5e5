"""How each shipped checkpoint is trained: `python -m vae_core train --recipe NAME` makes it anew from the real data."""

from __future__ import annotations

from dataclasses import dataclass

from vae_core import zoo
from vae_core.config import ModelConfig, NetConfig, ScheduleConfig, TrainConfig


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


WARM_UP = ScheduleConfig("linear", share=0.1)


def _grid(
    data: str, image: tuple[int, int, int], latent: int, net: NetConfig, train: TrainConfig, names=tuple(zoo.ZOO), likelihood=None
) -> list[Recipe]:
    """Models of the zoo in one setting, told apart by nothing but their rows."""
    recipes = []
    for name in names:
        config = zoo.model_config(name, image, latent, net, likelihood)
        config = config.replace(objective=config.objective.replace(schedule=WARM_UP))
        recipes.append(Recipe(f"{data}-{name}-{latent}", f"{zoo.ZOO[name].title}, {latent}-D", data, config, train))
    return recipes


GREY = (1, 28, 28)
GREY_NET = NetConfig("residual", channels=(16, 32), hidden=(256,), conv_blocks=0, dense_blocks=2)
GREY_TRAIN = TrainConfig(epochs=60, lr=3e-3, validate_every=2, engine="compile", threads=1)

RECIPES = {
    recipe.name: recipe
    for recipe in [
        *_grid("mnist", GREY, 2, GREY_NET, GREY_TRAIN),
        *_grid("mnist", GREY, 16, GREY_NET, GREY_TRAIN),
        *_grid("fashion_mnist", GREY, 2, GREY_NET, GREY_TRAIN),
        *_grid("fashion_mnist", GREY, 16, GREY_NET, GREY_TRAIN),
    ]
}

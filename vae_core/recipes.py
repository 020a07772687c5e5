"""How each shipped checkpoint is trained: `python -m vae_core train --recipe NAME` makes it anew from the real data."""

from __future__ import annotations

from dataclasses import dataclass

from vae_core import zoo
from vae_core.config import LikelihoodConfig, ModelConfig, NetConfig, ObjectiveConfig, ScheduleConfig, TrainConfig


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
DIGITS_NET = NetConfig("residual", channels=(16, 32), hidden=(256,), conv_blocks=0, dense_blocks=2)
DIGITS_TRAIN = TrainConfig(epochs=60, lr=3e-3, validate_every=2, save_every=20)
FACES_NET = NetConfig("residual", channels=(24, 48, 96, 192), hidden=(256,), conv_blocks=0, dense_blocks=1)
SHAPES_NET = NetConfig("conv", channels=(16, 32, 32, 64), hidden=(256,))


def _zoo(data: str, image: tuple[int, int, int], latent: int, net: NetConfig, train: TrainConfig, **model) -> list[Recipe]:
    """The zoo's models in one setting, told apart by nothing but their rows."""
    recipes = []
    for name in model.pop("names", zoo.ZOO):
        config = zoo.model_config(name, image, latent, net, model.get("likelihood"))
        if config.objective.beta and config.posterior.kind != "deterministic":
            config = config.replace(objective=config.objective.replace(schedule=WARM_UP))
        title = f"{zoo.ZOO[name].title}, {latent}-D"
        recipes.append(Recipe(f"{data}-{name}-{latent}", title, data, config, train))
    return recipes

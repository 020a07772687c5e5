"""The model of a training run, from the options that were given and defaults that suit the data and the time."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vae_core import zoo
from vae_core.config import LikelihoodConfig, ModelConfig, NetConfig, ScheduleConfig, TrainConfig
from vae_core.models.altered import altered
from vae_core.models.flat import Autoencoder
from vae_core.training.budget_defaults import defaults_for
from vae_core.training.distributed import process_count
from vae_core.training.starting_sigma import starting_sigma
from vae_core.training.state import stored_configs

NET, LIKELIHOOD, OBJECTIVE = ("channels", "hidden", "norm"), ("sigma", "binarize"), ("beta", "free_bits")
MODEL = ("model", "latent", "net", *NET, "likelihood", *LIKELIHOOD, *OBJECTIVE, "beta_schedule")
"""Options that a recipe has settled."""
ALTERABLE = ("likelihood", "sigma", *OBJECTIVE)
"""Options of the model that may be given beside a checkpoint to start from."""
LATENT = 2


def given(options: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    """The options of these names that were given."""
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def new_run(
    options: argparse.Namespace, x: Tensor, train: TrainConfig, state: Path, device: torch.device
) -> tuple[ModelConfig, TrainConfig]:
    """The configuration of a model with new weights, and of its training.

    x: the training images, uint8 (N, C, H, W). Unless options say otherwise net and learning rate suit the time budget, and a
    learned sigma starts near where it will end. state: the file of the run's training state; where there is one, net and
    learning rate are those of that run.
    """
    image, latent = tuple(x.shape[1:]), LATENT if options.latent is None else options.latent
    kind = options.likelihood or ("bernoulli" if image[0] == 1 else "gaussian-learned")
    chosen = given(options, LIKELIHOOD)
    if kind == "gaussian-learned":
        chosen = {"sigma": round(starting_sigma(x, latent), 3)} | chosen
    likelihood = LikelihoodConfig(kind, **chosen)

    def model_of(net: NetConfig) -> ModelConfig:
        model = zoo.model_config(options.model or "vae", image, latent, net, likelihood)
        schedule = ScheduleConfig(options.beta_schedule or "constant")
        return model.replace(objective=model.objective.replace(schedule=schedule, **given(options, OBJECTIVE)))

    # Several processes would each time their own machine, and must have one net.
    if options.net or train.seconds is None or given(options, NET) or process_count() > 1:
        return model_of(NetConfig(options.net or "residual", **given(options, NET))), train
    if before := stored_configs(state):
        net, timed = before[0].net, train.replace(lr=before[1].lr)
    else:
        net, timed = defaults_for(train, x, model_of, device)
    sizes = {"feature maps": net.channels if net.kind != "mlp" else (), "hidden": net.hidden}
    shape = "; ".join(f"{name} {', '.join(map(str, widths))}" for name, widths in sizes.items() if widths)
    print(f"Net for {train.seconds:g} s on this machine: {net.kind}, {shape}. Choose another with --net.", file=sys.stderr)
    return model_of(net), train if options.lr is not None else timed


def tuned_model(options: argparse.Namespace, model: Autoencoder) -> Autoencoder:
    """A trained model under the likelihood and objective that the options ask for."""
    likelihood = model.config.likelihood
    if options.likelihood not in (None, likelihood.kind):
        likelihood = LikelihoodConfig(options.likelihood)
    return altered(model, likelihood=likelihood.replace(**given(options, ("sigma",))), **given(options, OBJECTIVE))

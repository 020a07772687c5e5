"""The model of a training run, from the options that were given and defaults that suit the data and the time."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from vae_core import zoo
from vae_core.cli.axis_options import LIKELIHOOD, NET, OBJECTIVE, POSTERIOR, STRUCTURE, fields_of, given_fields
from vae_core.config import LikelihoodConfig, ModelConfig, NetConfig, TrainConfig
from vae_core.config.descriptions import described
from vae_core.config.model import DEFAULTS
from vae_core.data.dataset import Split
from vae_core.models.altered import altered
from vae_core.models.autoencoder import Autoencoder
from vae_core.training.budget_defaults import defaults_for
from vae_core.training.distributed import process_count
from vae_core.training.starting_sigma import starting_sigma
from vae_core.training.state import stored_configs

MODEL = (
    "model",
    *fields_of(STRUCTURE),
    "net",
    *fields_of(NET),
    "likelihood",
    *fields_of(LIKELIHOOD),
    *fields_of(OBJECTIVE),
    *fields_of(POSTERIOR),
)
"""Options that a recipe has settled."""
ALTERABLE = ("likelihood", "sigma", "beta", "free_bits")
"""Options of the model that may be given beside a checkpoint to start from."""
LATENT = 2


def new_run(
    options: argparse.Namespace, split: Split, train: TrainConfig, state: Path, device: torch.device, classes: int = 0
) -> tuple[ModelConfig, TrainConfig]:
    """The configuration of a model with new weights, and of its training.

    split: the training observations. Unless options say otherwise net and learning rate suit the time budget, and a
    learned sigma starts near where it will end. state: the file of the run's training state; where there is one, net and
    learning rate are those of that run. classes: the number of classes of the observations.
    """
    field, latent = split.field, LATENT if options.latent is None else options.latent
    likelihood = _likelihood(options, split, latent)
    usual = zoo.ZOO[options.model or "vae"].net or DEFAULTS[field.kind]["net"]
    net_kind = options.net or usual.kind
    chosen_net = given_fields(options, NET, net_kind)

    def model_of(net: NetConfig) -> ModelConfig:
        model = zoo.model_config(options.model or "vae", field, latent, net, likelihood, classes)
        objective = model.objective.replace(**given_fields(options, OBJECTIVE, model.objective.kind))
        posterior = model.posterior.replace(**given_fields(options, POSTERIOR, model.posterior.kind))
        structure = model.structure.replace(**given_fields(options, STRUCTURE, model.structure.kind))
        return model.replace(structure=structure, objective=objective, posterior=posterior)

    # Several processes would each time their own machine, and must have one net.
    if options.net or train.seconds is None or chosen_net or process_count() > 1 or field.kind != "image":
        return model_of(NET.config.of(net_kind, **chosen_net)), train
    if before := stored_configs(state):
        net, timed = before[0].net, train.replace(lr=before[1].lr)
    else:
        net, timed = defaults_for(train, split.x, model_of, device)
    widths = ((field.name, getattr(net, field.name)) for field in described(type(net)))
    shape = "; ".join(f"{name} {', '.join(map(str, value))}" for name, value in widths if isinstance(value, tuple) and value)
    print(f"Net for {train.seconds:g} s on this machine: {net.kind}, {shape}. Choose another with --net.", file=sys.stderr)
    return model_of(net), train if options.lr is not None else timed


def _likelihood(options: argparse.Namespace, split: Split, latent: int) -> LikelihoodConfig:
    """The likelihood that the options ask for, or the usual one of such observations."""
    field = split.field
    kind = options.likelihood or zoo.model_config("vae", field, latent).likelihood.kind
    chosen = given_fields(options, LIKELIHOOD, kind)
    if kind == "gaussian-learned" and field.kind == "image":
        chosen = {"sigma": round(starting_sigma(split.x, latent), 3)} | chosen
    return LikelihoodConfig.of(kind, **chosen)


def tuned_model(options: argparse.Namespace, model: Autoencoder) -> Autoencoder:
    """A trained model under the likelihood and objective that the options ask for."""
    likelihood = model.config.likelihood
    if options.likelihood not in (None, likelihood.kind):
        likelihood = LIKELIHOOD.config.of(options.likelihood)
    likelihood = likelihood.replace(**given_fields(options, LIKELIHOOD, likelihood.kind))
    return altered(model, likelihood=likelihood, **given_fields(options, OBJECTIVE, model.config.objective.kind))

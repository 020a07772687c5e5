"""Validation loss that each candidate net reaches in a time budget, beside the net that is chosen by default.

Prints one JSON line for each data set and budget. A budget is the number of steps that fit into it at the pace that each net is
measured to have at the start, when nothing else may run; the training itself may then share the machine.

    python tests/benchmarks/default_nets.py [--data digits mnist5k ...] [--seconds 60 300] [--latent 2]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

import torch

from vae_core import Autoencoder, fit, load_dataset, model_config
from vae_core.config import ConfigError, LikelihoodConfig, ModelConfig, NetConfig, TrainConfig
from vae_core.data import Dataset, available
from vae_core.training.budget_defaults import CANDIDATES, SHORT_LR, defaults_for, step_seconds
from vae_core.training.starting_sigma import starting_sigma

CPU = torch.device("cpu")


def trained(data: Dataset, config: ModelConfig, train: TrainConfig) -> dict[str, Any]:
    """Trains a new model and returns its figures."""
    torch.manual_seed(train.seed)
    summary = fit(Autoencoder(config), data, train)
    losses = [point["validation_loss"] for point in summary.curve]
    out = {"steps": summary.steps, "lr": train.lr, "loss": round(losses[-1], 2), "best": round(min(losses), 2)}
    return out | {"seconds": round(summary.seconds, 1)}


def steps_in(seconds: float, data: Dataset, model_of: Callable[[NetConfig], ModelConfig]) -> dict[NetConfig, int]:
    """The number of steps of each candidate that fit into the time; nets that the images are too small for are left out."""
    found = {}
    for net, _ in CANDIDATES:
        try:
            config = model_of(net)
        except ConfigError:
            continue
        batch = data.train.x[: TrainConfig(steps=1).batch_size]
        found[net] = max(1, round(seconds / step_seconds(config, batch, seconds, CPU)))
    return found


def measure(name: str, seconds: float, latent: int) -> dict[str, Any]:
    """All candidates on a data set, each with both learning rates, and the choice by default."""
    data = load_dataset(name)
    kind = "bernoulli" if data.image[0] == 1 else "gaussian-learned"
    sigma = {"sigma": round(starting_sigma(data.train.x, latent), 3)} if kind == "gaussian-learned" else {}

    def model_of(net: NetConfig) -> ModelConfig:
        return model_config("vae", data.image, latent, net, LikelihoodConfig.of(kind, **sigma))

    train = TrainConfig(seconds=seconds)
    net, chosen = defaults_for(train, data.train.x, model_of, CPU)
    found = []
    for candidate, steps in steps_in(seconds, data, model_of).items():
        for lr in (train.lr, SHORT_LR):
            result = trained(data, model_of(candidate), train.replace(seconds=None, steps=steps, lr=lr))
            is_choice = candidate == net and lr == chosen.lr
            found.append({"net": candidate.kind, "channels": candidate.channels, "chosen": is_choice} | result)
    best = min(result["loss"] for result in found)
    ours = next(result["loss"] for result in found if result["chosen"])
    return {"data": name, "seconds": seconds, "latent": latent, "chosen_over_best": round(ours - best, 2), "nets": found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ready = [name for name, _, state, _ in available() if state == "ready"]
    parser.add_argument("--data", nargs="+", choices=ready, default=ready)
    parser.add_argument("--seconds", nargs="+", type=float, default=[60.0, 300.0])
    parser.add_argument("--latent", type=int, default=2)
    options = parser.parse_args()
    for name in options.data:
        for seconds in options.seconds:
            print(json.dumps(measure(name, seconds, options.latent)), flush=True)


if __name__ == "__main__":
    main()

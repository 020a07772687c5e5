"""What each candidate net comes to in a time budget, beside the one that is chosen: validation loss of new VAEs.

Prints one JSON line for each data set and budget. Measure on a machine with nothing else running.

    python tests/benchmarks/default_nets.py [--data digits mnist5k ...] [--seconds 60 300] [--latent 2]
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import torch

from vae_core import Autoencoder, fit, load_dataset, model_config
from vae_core.config import ConfigError, LikelihoodConfig, ModelConfig, NetConfig, TrainConfig
from vae_core.data import Dataset, available
from vae_core.training.budget_defaults import CANDIDATES, SHORT_LR, defaults_for
from vae_core.training.starting_sigma import starting_sigma

CPU = torch.device("cpu")


def trained(data: Dataset, config: ModelConfig, train: TrainConfig) -> dict[str, Any]:
    """Trains a new model and gives what came of it."""
    torch.manual_seed(train.seed)
    summary = fit(Autoencoder(config), data, train)
    losses = [point["validation_loss"] for point in summary.curve]
    out = {"steps": summary.steps, "lr": train.lr, "loss": round(losses[-1], 2), "best": round(min(losses), 2)}
    return out | {"seconds": round(summary.seconds, 1)}


def measure(name: str, seconds: float, latent: int) -> dict[str, Any]:
    """All candidates on a data set, each with both learning rates, and the choice."""
    data = load_dataset(name)
    kind = "bernoulli" if data.image[0] == 1 else "gaussian-learned"
    sigma = {"sigma": round(starting_sigma(data.train.x, latent), 3)} if kind == "gaussian-learned" else {}

    def model_of(net: NetConfig) -> ModelConfig:
        return model_config("vae", data.image, latent, net, LikelihoodConfig(kind, **sigma))

    train = TrainConfig(seconds=seconds)
    net, chosen = defaults_for(train, data.train.x, model_of, CPU)
    found = []
    for candidate, _ in CANDIDATES:
        for lr in (train.lr, SHORT_LR):
            try:
                result = trained(data, model_of(candidate), train.replace(lr=lr))
            except ConfigError:
                continue
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

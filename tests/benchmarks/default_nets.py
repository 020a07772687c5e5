"""Validation loss that each candidate net reaches in a time budget, beside the net that is chosen by default.

A budget is the number of steps that fit into it at the pace that each net is measured to have at the start, of all data sets,
when nothing else may run. The training takes hours, and may then share the machine: each trained net is one line of JSON in the
file of results. Where the command is given again, it goes on after the last line. It prints one JSON line for each data set and
budget that is complete.

    python tests/benchmarks/default_nets.py RESULTS [--data digits mnist5k ...] [--seconds 60 300] [--latent 2]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from vae_core import build_model, fit, load_dataset, model_config
from vae_core.config import ConfigError, LikelihoodConfig, ModelConfig, NetConfig, TrainConfig
from vae_core.data import Dataset, available
from vae_core.training.budget_defaults import CANDIDATES, SHORT_LR, defaults_for, step_seconds
from vae_core.training.starting_sigma import starting_sigma

CPU = torch.device("cpu")
Run = dict[str, Any]
"""One training: `data`, `seconds`, `model` and `train` (as JSON), `chosen`; and its figures, when it is done."""


def planned(name: str, seconds: float, latent: int) -> Iterator[Run]:
    """All candidates on a data set, each with both learning rates. Nets that the images are too small for are left out."""
    data = load_dataset(name)
    kind = "bernoulli" if data.image[0] == 1 else "gaussian-learned"
    sigma = {"sigma": round(starting_sigma(data.train.x, latent), 3)} if kind == "gaussian-learned" else {}

    def model_of(net: NetConfig) -> ModelConfig:
        return model_config("vae", data.image, latent, net, LikelihoodConfig.of(kind, **sigma))

    train = TrainConfig(seconds=seconds)
    net, chosen = defaults_for(train, data.train.x, model_of, CPU)
    for candidate, steps in steps_in(seconds, data, model_of).items():
        for lr in (train.lr, SHORT_LR):
            config = train.replace(seconds=None, steps=steps, lr=lr)
            is_choice = candidate == net and lr == chosen.lr
            about = {"data": name, "seconds": seconds, "latent": latent, "chosen": is_choice}
            yield about | {"model": model_of(candidate).to_json(), "train": config.to_json()}


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


def trained(run: Run, data: Dataset) -> Run:
    """The run with its figures."""
    train = TrainConfig.from_json(run["train"])
    torch.manual_seed(train.seed)
    summary = fit(build_model(ModelConfig.from_json(run["model"])), data, train)
    losses = [point["validation_loss"] for point in summary.curve]
    return run | {"loss": round(losses[-1], 2), "best": round(min(losses), 2), "took": round(summary.seconds, 1)}


def shown(runs: list[Run]) -> dict[str, Any]:
    """The figures of one data set and budget, and how far the choice is behind the best, in nats."""
    nets = []
    for run in runs:
        net, train = run["model"]["net"], run["train"]
        kept = {name: run[name] for name in ("chosen", "loss", "best")}
        nets.append({"net": net["kind"], "channels": net.get("channels"), "steps": train["steps"], "lr": train["lr"]} | kept)
    ours = next(run["loss"] for run in runs if run["chosen"])
    over = round(ours - min(run["loss"] for run in runs), 2)
    return {name: runs[0][name] for name in ("data", "seconds", "latent")} | {"chosen_over_best": over, "nets": nets}


def main() -> None:
    """Trains what the command line names, and is not in the file yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ready = [name for name, _, state, _ in available() if state == "ready"]
    parser.add_argument("results", type=Path)
    parser.add_argument("--data", nargs="+", choices=ready, default=ready)
    parser.add_argument("--seconds", nargs="+", type=float, default=[60.0, 300.0])
    parser.add_argument("--latent", type=int, default=2)
    options = parser.parse_args()
    plan = options.results.with_suffix(".plan.json")
    if not plan.exists():
        runs = [run for seconds in options.seconds for name in options.data for run in planned(name, seconds, options.latent)]
        plan.write_text(json.dumps(runs))
    runs = json.loads(plan.read_text())
    done = [json.loads(line) for line in options.results.read_text().splitlines()] if options.results.exists() else []
    for index, run in enumerate(runs):
        if index >= len(done):
            done.append(trained(run, load_dataset(run["data"])))
            with options.results.open("a") as file:
                file.write(json.dumps(done[-1]) + "\n")
        group = [one for one in done if (one["data"], one["seconds"]) == (run["data"], run["seconds"])]
        following = runs[index + 1] if index + 1 < len(runs) else None
        if following is None or (following["data"], following["seconds"]) != (run["data"], run["seconds"]):
            print(json.dumps(shown(group)), flush=True)


if __name__ == "__main__":
    main()

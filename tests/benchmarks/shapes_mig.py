"""MIG of the shapes beta-VAE over seeds: trains the recipe once a seed (resumable) and prints one JSON line.

python tests/benchmarks/shapes_mig.py --runs FOLDER [--seeds 0 1 2] [--split test]

A choice between seeds or settings is made by the validation split, which is measured unless another is asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch

from vae_core import build_model, fit, load_dataset
from vae_core.metrics import disentanglement
from vae_core.recipes import RECIPES
from vae_core.training.events import ProgressLine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="folder of the runs' states")
    parser.add_argument("--recipe", default="shapes-beta-vae-10")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--split", choices=["train", "validation", "test"], default="validation")
    options = parser.parse_args()
    recipe = RECIPES[options.recipe]
    data = load_dataset(recipe.data)
    split = getattr(data, options.split)
    scores = []
    for seed in options.seeds:
        train = recipe.train.replace(seed=seed)
        torch.manual_seed(seed)
        model = build_model(recipe.model)
        folder = options.runs / (recipe.name if seed == recipe.train.seed else f"{recipe.name}-seed-{seed}")
        fit(model, data, train, folder=folder, subscribers=[ProgressLine()])
        codes = model.encode(split.x).mean.numpy()
        scores.append(disentanglement(codes, split.factors.numpy(), data.factor_names))
        print(json.dumps({"seed": seed} | scores[-1]), file=sys.stderr)
    migs = [score["mig"] for score in scores]
    about = {"recipe": recipe.name, "split": options.split, "codes": "mean", "bins": scores[0]["mig_bins"]}
    out = {"seeds": options.seeds, "mig": migs, "best": max(migs), "mean": float(np.mean(migs))}
    print(json.dumps(about | out))


if __name__ == "__main__":
    main()

"""Where new codes are placed on a map, beside the point of the nearest code that was drawn: one JSON line.

The codes of mnist5k are drawn, and those of MNIST's validation images are placed. A figure says how often most of the 5 nearest
points have the class of the image; under "codes" it is of the codes themselves, without a map.

VAE_DATA=/path/to/data python tests/benchmarks/placing.py [--models mnist-vae-16 mnist-vae-2]
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import torch
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from vae_core import load_dataset
from vae_core.checkpoint import registry
from vae_core.projection import project


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["mnist-vae-16", "mnist-vae-2"])
    parser.add_argument("--methods", nargs="+", default=["umap", "tsne"])
    options = parser.parse_args()
    drawn, new = load_dataset("mnist5k"), load_dataset("mnist").validation
    splits = (drawn.train, drawn.validation, drawn.test)
    x, labels = torch.cat([split.x for split in splits]), torch.cat([split.y for split in splits]).numpy()
    out: dict[str, float | int] = {"drawn": len(x), "placed": len(new.x)}
    for name in options.models:
        model = registry.load(name).model
        known, codes = model.encode(x).mean.numpy(), model.encode(new.x).mean.numpy()

        def accuracy(points: np.ndarray, among: np.ndarray) -> float:
            return float(KNeighborsClassifier(5).fit(among, labels).score(points, new.y.numpy()))

        out[f"{name}_codes"] = accuracy(codes, known)
        nearest = NearestNeighbors(n_neighbors=1).fit(known).kneighbors(codes, return_distance=False)[:, 0]
        for method in options.methods:
            found = project(known, method)
            out[f"{name}_{method}_placed"] = accuracy(found.place(codes), found.points)
            out[f"{name}_{method}_at_nearest"] = accuracy(found.points[nearest], found.points)
    print(json.dumps(out))


if __name__ == "__main__":
    main()

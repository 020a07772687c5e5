"""Held-out error of the faces models beside PCA with as many components, on the same split: one JSON line.

VAE_DATA=/path/to/data python tests/benchmarks/faces_pca.py
"""

from __future__ import annotations

import json

import numpy as np
from sklearn.decomposition import PCA

from vae_core import load_dataset
from vae_core.checkpoint import registry


def main() -> None:
    data = load_dataset("celeba")
    train, test = (split.x.flatten(1).numpy().astype(np.float32) / 255 for split in (data.train, data.test))
    out: dict[str, float | int] = {"train": len(train), "test": len(test)}
    for name in ("faces-ae-64", "faces-vae-64", "faces-beta-vae-64"):
        model = registry.load(name).model
        components = model.config.latent
        if "pca_mse" not in out:
            pca = PCA(components, svd_solver="randomized", random_state=0).fit(train)
            out |= {"components": components}
            out["pca_mse"] = float(((pca.inverse_transform(pca.transform(test)) - test) ** 2).mean())
        again = model.reconstruct(data.test.x).flatten(1).numpy()
        mse = float(((again - test) ** 2).mean())
        out[f"{name}_mse"] = mse
        out[f"{name}_over_pca"] = mse / out["pca_mse"]
    print(json.dumps(out))


if __name__ == "__main__":
    main()

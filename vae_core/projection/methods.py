"""The methods of projection by name, and the check of their parameters."""

from __future__ import annotations

from vae_core.projection.method import Method, ProjectionError
from vae_core.projection.pca import PCA
from vae_core.projection.tsne import TSNE
from vae_core.projection.umap import UMAP

METHODS: dict[str, Method] = {"pca": PCA, "umap": UMAP, "tsne": TSNE}


def settings(method: str, parameters: dict[str, float]) -> dict[str, float]:
    """All parameters of a method: those in `parameters`, and the defaults of the others.

    Raises ProjectionError for an unknown method or parameter, and for a value out of range.
    """
    if method not in METHODS:
        raise ProjectionError(f"There is no projection {method!r}; choose one of {', '.join(METHODS)}.")
    known = {parameter.name: parameter for parameter in METHODS[method].parameters}
    for name, value in parameters.items():
        if name not in known:
            names = ", ".join(known) or "none"
            raise ProjectionError(f"{METHODS[method].title} has no parameter {name!r}; it has: {names}.")
        low, high = known[name].low, known[name].high
        if not low <= value <= high:
            raise ProjectionError(f"{METHODS[method].title}'s {name} is from {low:g} to {high:g}, not {value!r}.")
    return {name: (int if p.whole else float)(parameters.get(name, p.default)) for name, p in known.items()}

"""Projections of codes from R^d to a plane by PCA, UMAP or t-SNE.

`projection = project(codes, "umap", neighbours=15)` computes one; `projection.points` is (N, 2), and `projection.place(others)`
gives points (M, 2) of other codes without another fit. `save` and `load` keep projections on disk.
"""

from vae_core.projection.cache import key, load, save
from vae_core.projection.method import Fit, Method, Parameter, Place, Progress, ProjectionError
from vae_core.projection.methods import METHODS, settings
from vae_core.projection.pca import principal
from vae_core.projection.projection import Projection, project

__all__ = [
    "METHODS",
    "Fit",
    "Method",
    "Parameter",
    "Place",
    "Progress",
    "Projection",
    "ProjectionError",
    "key",
    "load",
    "principal",
    "project",
    "save",
    "settings",
]

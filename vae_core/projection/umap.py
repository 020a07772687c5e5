"""UMAP, computed by umap-learn."""

from __future__ import annotations

import warnings

import numpy as np

from vae_core.projection.codes import of_different_codes
from vae_core.projection.method import Method, Parameter, Progress
from vae_core.projection.progress_stream import ProgressStream


@of_different_codes
def _fit(codes: np.ndarray, parameters: dict[str, float], seed: int, progress: Progress) -> np.ndarray:
    # umap takes seconds to import, so it is imported only when it is used.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import umap
        from sklearn.neighbors import NearestNeighbors

        stream = ProgressStream(r"(\d+) of (\d+)", None, progress)
        count = min(int(parameters["neighbours"]), len(codes) - 1)
        # umap's own search is compiled anew in every process, which takes 8 s.
        distances, indices = NearestNeighbors(n_neighbors=count).fit(codes).kneighbors(codes)
        reducer = umap.UMAP(
            n_neighbors=count,
            precomputed_knn=(indices, distances),
            min_dist=parameters["min_dist"],
            init="pca" if codes.shape[1] > 1 and len(codes) > 10 else "random",
            random_state=seed,
            n_jobs=1,
            tqdm_kwds={"disable": False, "file": stream, "bar_format": "{n} of {total}", "mininterval": 0.2},
        )
        return reducer.fit_transform(codes)


UMAP = Method(
    title="UMAP",
    about="Keeps each code near its nearest neighbours: groups come out well, their sizes and the gaps between them say "
    "little.",
    source="McInnes, Healy & Melville 2018",
    distribution="umap-learn",
    parameters=(
        Parameter(
            name="neighbours",
            title="Neighbours",
            about="How many neighbours each code is kept near: few show fine detail, many the large shape.",
            low=2,
            high=100,
            default=15,
            whole=True,
        ),
        Parameter(
            name="min_dist",
            title="Least distance",
            about="How close points may be drawn: 0 packs groups tightly, 1 spreads them evenly.",
            low=0.0,
            high=0.99,
            default=0.1,
        ),
    ),
    fit=_fit,
)

"""t-SNE, computed by scikit-learn."""

from __future__ import annotations

import contextlib

import numpy as np

from vae_core.projection.codes import of_different_codes
from vae_core.projection.method import Method, Parameter, Progress
from vae_core.projection.progress_stream import ProgressStream

_ITERATIONS = 1000


@of_different_codes
def _fit(codes: np.ndarray, parameters: dict[str, float], seed: int, progress: Progress) -> np.ndarray:
    # scikit-learn's manifold module takes long to import, so it is imported only when it is used.
    from sklearn.manifold import TSNE as Reducer

    # scikit-learn searches 3 * perplexity neighbours of each code, and there are N - 1 others.
    perplexity = min(parameters["perplexity"], (len(codes) - 1) / 3)
    reducer = Reducer(
        perplexity=perplexity,
        # PCA with a scale that t-SNE starts well from (Kobak & Berens 2019). With one dimension there is no second direction.
        init="pca" if codes.shape[1] > 1 else "random",
        learning_rate="auto",
        max_iter=_ITERATIONS,
        random_state=seed,
        verbose=2,
    )
    with contextlib.redirect_stdout(ProgressStream(r"Iteration (\d+)", _ITERATIONS, progress)):
        return reducer.fit_transform(codes)


TSNE = Method(
    title="t-SNE",
    about="Keeps the neighbours of each code, at one density everywhere: near is meant, far is not.",
    source="van der Maaten & Hinton 2008",
    distribution="scikit-learn",
    parameters=(
        Parameter(
            name="perplexity",
            title="Perplexity",
            about="About how many neighbours each code looks at: 5 to 50 is usual, more shows larger shapes.",
            low=5,
            high=100,
            default=30,
            whole=True,
        ),
    ),
    fit=_fit,
)

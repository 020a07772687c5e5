"""MNIST and Fashion-MNIST, read in memory from the four idx files each consists of, gzipped or not.

Sources: LeCun, Bottou, Bengio and Haffner 1998 (http://yann.lecun.com/exdb/mnist/); Xiao, Rasul and Vollgraf 2017
(https://github.com/zalandoresearch/fashion-mnist). The layout is torchvision's: MNIST/raw, FashionMNIST/raw.
The folder `raw` may be left out, and files may be named with a dot (train-images.idx3-ubyte), as some distributions do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .dataset import DataError, Dataset, Split, shuffled, whole
from .digits import CLASSES, mnist5k_arrays
from .idx import read_idx
from .roots import Pieces, find, missing, places

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
MNIST_FOLDERS = ("MNIST/raw", "MNIST", "mnist/raw", "mnist")
FASHION_FOLDERS = (
    "FashionMNIST/raw", "FashionMNIST", "fashion-mnist/raw", "fashion-mnist", "fashion_mnist/raw", "fashion_mnist",
)  # fmt: skip
"""The folder has to be called so: the files of the two sets have the same names."""
VALIDATION = 2_000
FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def has_mnist(root: Path) -> bool:
    """True if the four files of MNIST are under this root."""
    return _has_all(_raw(root, MNIST_FOLDERS))


def has_fashion(root: Path) -> bool:
    """True if the four files of Fashion-MNIST are under this root."""
    return _has_all(_raw(root, FASHION_FOLDERS))


def mnist_pieces(root: Path) -> Pieces:
    """The files of MNIST that are under this root."""
    return _pieces(root, MNIST_FOLDERS)


def fashion_pieces(root: Path) -> Pieces:
    """The files of Fashion-MNIST that are under this root."""
    return _pieces(root, FASHION_FOLDERS)


def mnist(root: Path | None = None) -> Dataset:
    """53,000 train, 2,000 validation, 10,000 test. The 5,000 images of `mnist5k` are in none of them."""
    train, test = _read("mnist", "MNIST", has_mnist, mnist_pieces, root)
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
    train, test = _read("fashion_mnist", "Fashion-MNIST", has_fashion, fashion_pieces, root)
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


def _read(
    name: str, title: str, holds: Callable[[Path], bool], pieces: Callable[[Path], Pieces], root: Path | None
) -> tuple[Split, Split]:
    """The 60,000 in the files' order, and the 10,000 shuffled so that a prefix is a fair sample."""
    found = find([holds], root)
    if found is None:
        raise missing(name, title, [holds], pieces, root)
    raw = pieces(found[1]).folder
    parts = []
    for images, labels, count in ((FILES[0], FILES[1], 60_000), (FILES[2], FILES[3], 10_000)):
        x, y = read_idx(_file(raw, images), (count, 28, 28)), read_idx(_file(raw, labels), (count,))
        if y.max() > 9:
            raise DataError(f"{labels} of {title} holds the label {y.max()}, and labels go from 0 to 9.")
        parts.append(whole(x, y))
    train, test = parts
    return train, test.take(shuffled(len(test)))


def _raw(root: Path, folders: Sequence[str]) -> Path:
    """The folder that holds most of the files, among those that may hold them; where none holds any, one that exists."""
    known = [place for folder in folders for place in places(root, folder)]
    return max(known, key=lambda raw: (sum(_file(raw, name).is_file() for name in FILES), raw.is_dir()))


def _pieces(root: Path, folders: Sequence[str]) -> Pieces:
    raw = _raw(root, folders)
    if not any(_file(raw, name).is_file() for name in FILES) and not has_mnist(root) and not has_fashion(root):
        # Files that lie about may be of either set, whole or not.
        raw = next((bare for bare in (root, root / "raw") if _has_all(bare)), raw)
    return Pieces(raw, {name: _file(raw, name).is_file() for name in FILES}, folders[0])


def _file(raw: Path, name: str) -> Path:
    """The file of that name, packed or not, named with a hyphen or a dot, or in a folder of its own name."""
    dotted = name.replace("-idx", ".idx")
    known = (f"{name}.gz", name, f"{dotted}.gz", dotted, f"{name}/{name}", f"{dotted}/{dotted}")
    return next((raw / path for path in known if (raw / path).is_file()), raw / name)


def _has_all(raw: Path) -> bool:
    return all(_file(raw, name).is_file() for name in FILES)

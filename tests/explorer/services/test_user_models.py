"""A person's own models: taken in whole or not at all, renamed, deleted; what ships is never touched."""

from __future__ import annotations

import os

import pytest

from explorer.services import checkpoint_files, models, user_models
from explorer.services.user_models import UserModelError


def listed() -> list[str]:
    return [file.name for file in checkpoint_files.files()[0]]


@pytest.fixture
def content(folder, put) -> bytes:
    """The bytes of a good checkpoint; `shipped` is in the registry."""
    put("shipped")
    return (folder / "shipped.safetensors").read_bytes()


def test_one_is_taken_in_shown_renamed_and_deleted(content, home):
    assert user_models.import_checkpoint(content, "My digits.safetensors") == "My digits"
    card = models.registry().card("My digits")
    assert card.own and card.title == "My digits" and models.load("My digits").held_out is not None
    assert user_models.rename("My digits", "Ziffern 2") == "Ziffern 2"
    assert listed() == ["shipped", "Ziffern 2"]
    user_models.delete("Ziffern 2")
    assert listed() == ["shipped"] and not any((home / "checkpoints").iterdir())


@pytest.mark.parametrize("damage", [lambda c: c[:-1], lambda c: b"PK\x03\x04" + c, lambda c: b"", lambda c: b"\x80\x04" + c])
def test_what_is_no_checkpoint_is_refused_by_its_own_name(content, home, damage):
    with pytest.raises(UserModelError, match=r"^theirs\.safetensors "):
        user_models.import_checkpoint(damage(content), "theirs.safetensors")
    assert not any((home / "checkpoints").iterdir())


@pytest.mark.parametrize("name", ["", " ", "../up", "a/b", "a\\b", ".hidden", "a,b", "x" * 61, "end.", "nul\0"])
def test_a_name_is_no_path(content, home, name):
    user_models.import_checkpoint(content, "mine.safetensors")
    with pytest.raises(UserModelError, match="A model's name has"):
        user_models.rename("mine", name)
    assert os.listdir(home / "checkpoints") == ["mine.safetensors"]


@pytest.mark.parametrize("name", ["CON", "con.x", "Lpt1"])
def test_a_name_that_windows_keeps_is_refused(content, name):
    with pytest.raises(UserModelError, match="Windows reserves the name"):
        user_models.import_checkpoint(content, f"{name}.safetensors")


def test_the_name_of_an_upload_becomes_one_that_can_be(content):
    assert user_models.import_checkpoint(content, "../../a, b?.safetensors") == "a- b"


def test_no_name_is_taken_twice(content):
    user_models.import_checkpoint(content, "mine.safetensors")
    for taken in ("mine", "MINE", "shipped"):
        with pytest.raises(UserModelError, match="already exists; choose another name"):
            user_models.import_checkpoint(content, f"{taken}.safetensors")
    with pytest.raises(UserModelError, match="already exists; choose another name"):
        user_models.rename("mine", "shipped")


def test_what_ships_stays(content):
    for act in (lambda: user_models.rename("shipped", "mine"), lambda: user_models.delete("shipped")):
        with pytest.raises(UserModelError, match="is not one of your own models"):
            act()
    assert listed() == ["shipped"]

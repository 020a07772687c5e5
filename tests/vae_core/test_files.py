"""A file is whole or not there; the user's folders are where they have always been."""

import os
import sys
from pathlib import Path

import pytest

from vae_core.files import PathError, replacing, user_folder, writable


def test_it_takes_the_place_of_the_old_file(tmp_path):
    path = tmp_path / "folder" / "a.txt"
    for text in ("one", "two"):
        with replacing(path) as temporary:
            temporary.write_text(text)
            assert not path.exists() or path.read_text() == "one"
        assert path.read_text() == text and list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_left_is_cleared_away_and_what_one_is_writing_is_not(tmp_path):
    old, young = tmp_path / ".a.01234567", tmp_path / ".a.89abcdef"
    for file in (old, young):
        file.touch()
    os.utime(old, (0, 0))
    with replacing(tmp_path / "a") as temporary:
        temporary.write_text("x")
    assert not old.exists() and young.exists()


def test_it_has_the_permissions_of_any_new_file(tmp_path):
    usual, path = tmp_path / "usual", tmp_path / "a"
    usual.touch()
    with replacing(path) as temporary:
        temporary.write_text("x")
        temporary.chmod(0o600)
    assert path.stat().st_mode == usual.stat().st_mode


def test_a_path_that_can_be_written_is_left_as_it_is(tmp_path):
    path = tmp_path / "new" / "a.txt"
    writable(path)
    assert list(path.parent.iterdir()) == []
    path.write_text("old")
    writable(path)
    assert path.read_text() == "old" and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (".", "is a folder; give the name of a file"),
        (os.devnull, "is a device or a pipe"),
        ("file/a", r"\(it is a file\)"),
        ("file/b/a", "Nothing can be written to"),
        ("a" * 250, "too long"),
        ("a" * 300, "too long"),
        ("a\0b", "a character that no path may have"),
    ],
)
def test_a_path_that_cannot_be_written_is_told_in_words(tmp_path, name, said):
    (tmp_path / "file").touch()
    with pytest.raises(PathError, match=said) as caught:
        writable(tmp_path / name)
    assert "Errno" not in str(caught.value) and list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.mark.parametrize(("kind", "below"), [("cache", ".cache"), ("data", ".local/share")])
def test_the_users_folders_are_those_of_the_system(tmp_path, monkeypatch, kind, below):
    variable = f"XDG_{kind.upper()}_HOME"
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    if sys.platform.startswith("linux"):
        assert user_folder(kind) == tmp_path / below / "latent-explorer"
    for named, meant in [(str(tmp_path / "a"), tmp_path / "a"), ("~/b", tmp_path / "b"), ("c", Path("c"))]:
        monkeypatch.setenv(variable, named)
        assert user_folder(kind) == meant / "latent-explorer"

"""A file is whole or not there."""

import os

import pytest

from vae_core.files import replacing


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

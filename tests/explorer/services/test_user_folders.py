"""Where the app keeps what is a person's own."""

import tempfile

import pytest

from explorer.services import user_folders


def test_without_a_home_it_is_a_folder_among_the_temporary_files(tmp_path, monkeypatch):
    for name in ("XDG_DATA_HOME", "HOME", "LATENT_EXPLORER_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pytest.importorskip("pwd"), "getpwuid", {}.__getitem__)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert tmp_path in user_folders.home().parents
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "mine"))
    assert user_folders.home() == tmp_path / "mine"

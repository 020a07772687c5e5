"""Where models come from: the shipped folder, one's own, and folders named when the app was started."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from explorer.services import checkpoint_files, models, options
from vae_core.checkpoint import CheckpointError


@pytest.fixture
def named(tmp_path, monkeypatch):
    """A folder that was named when the app was started."""
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setattr(sys, "argv", ["app.py", "--checkpoints", str(other)])
    return other


def test_a_named_folder_is_shown_beside_the_others(folder, put, named):
    put("a")
    shutil.copy(folder / "a.safetensors", named / "b.safetensors")
    cards = models.registry().cards
    assert [(card.name, card.own) for card in cards] == [("a", False), ("b", False)]
    # Shipped models have titles; others are called what their files are.
    assert [card.title for card in cards] == ["vae 2", "b"]


def test_what_cannot_be_addressed_is_said(folder, put, named):
    put("a")
    for name in (b"a", b"b\xff", b"b,c\n\xe2\x80\xae"):
        shutil.copy(folder / "a.safetensors", named / os.fsdecode(name + b".safetensors"))
    registry = models.registry()
    assert [(card.name, card.title) for card in registry.cards] == [("a", "vae 2"), ("b,c\n\u202e", "b,c\ufffd\ufffd")]
    assert "another model has this name" in registry.problems[0] and "b\ufffd.safetensors was left out" in registry.problems[1]


def test_a_named_folder_that_is_not_there_is_said(folder, put, named):
    put("a")
    named.rmdir()
    assert "does not exist" in models.registry().problems[0]


def test_one_that_is_gone_is_said(folder):
    with pytest.raises(CheckpointError, match="The model 'gone' no longer exists"):
        checkpoint_files.find("gone")


def test_other_options_end_the_program_with_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["app.py", "--checkpoint"])
    with pytest.raises(SystemExit):
        options.start()
    assert "expected one argument" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["app.py", "--nothing-of-ours"])
    assert options.checkpoint_folders() == []

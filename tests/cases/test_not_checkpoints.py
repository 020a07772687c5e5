"""Files that end in .safetensors and are something else, opened as a checkpoint in every way."""

from __future__ import annotations

from pathlib import Path

import case_inputs
import pytest

import vae_core
from explorer.services import models, user_models
from explorer.services.user_models import UserModelError
from vae_core.checkpoint import CheckpointError
from vae_core.cli import main

each = pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("lfs_pointer.safetensors", case_inputs.lfs_pointer(), "is a pointer of Git LFS and not the file itself; run `git lfs"),
        ("web_page.safetensors", case_inputs.web_page(), "is a web page and not the file itself; download the file again"),
    ],
    ids=["lfs_pointer", "web_page"],
)


@each
def test_python_and_the_command_line_say_what_it_is(name, content, said, capsys):
    Path(name).write_bytes(content)
    with pytest.raises(CheckpointError) as error:
        vae_core.load(name)
    assert str(error.value).startswith(f"{name} {said}")
    commands = (["evaluate", name], ["encode", name], ["export", name], ["train", "--data", "digits", "--start", name])
    for command in commands:
        assert main(command) == 1
        assert capsys.readouterr().err == f"error: {error.value}\n"


@each
def test_the_app_says_what_it_is_and_keeps_nothing(name, content, said, home):
    with pytest.raises(UserModelError) as error:
        user_models.import_checkpoint(content, name)
    assert str(error.value).startswith(f"{name} {said}")
    assert not list((home / "checkpoints").iterdir())


@each
def test_the_app_leaves_it_out_of_a_folder_and_says_what_it_is(name, content, said, home):
    (home / "checkpoints").mkdir(parents=True)
    (home / "checkpoints" / name).write_bytes(content)
    cards = models.registry()
    assert any(problem.startswith(f"{name} {said}") for problem in cards.problems)
    assert cards.of("mnist")

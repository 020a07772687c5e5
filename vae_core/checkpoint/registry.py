"""Checkpoints by name: the folder that ships with the project, or one of the user's."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from vae_core.checkpoint.file import SUFFIX, Checkpoint, CheckpointError
from vae_core.checkpoint.file import load as load_file
from vae_core.files import carried

SHIPPED = carried(Path(__file__).resolve().parents[1], "checkpoints")
FOLDER_VARIABLE = "VAE_CHECKPOINTS"


def folder() -> Path:
    """Where names are looked up: the folder in the environment variable VAE_CHECKPOINTS, else the shipped one."""
    return Path(os.environ.get(FOLDER_VARIABLE) or SHIPPED)


def paths() -> dict[str, Path]:
    """Name (the file's, without its suffix) to path, in alphabetical order; unreadable files are among them."""
    return {p.stem: p for p in sorted(folder().glob(f"*{SUFFIX}")) if p.is_file()}


def find(name_or_path: str | Path) -> Path:
    """The path of a checkpoint given by name or by path. Raises CheckpointError where there is none."""
    known = paths()
    if str(name_or_path) in known:
        return known[str(name_or_path)]
    path = Path(name_or_path)
    if os.path.isfile(path):
        return path
    if os.path.isdir(path):
        raise CheckpointError(f"{name_or_path} is a folder; name the checkpoint's file in it.")
    near = difflib.get_close_matches(str(name_or_path), known, n=3) or list(known)
    names = ", ".join(near) or "none"
    raise CheckpointError(f"There is no checkpoint {str(name_or_path)!r}, by path or by name; there are: {names}.")


def load(name_or_path: str | Path) -> Checkpoint:
    """A checkpoint by name (`mnist-vae-2`) or path. Raises CheckpointError."""
    return load_file(find(name_or_path))

"""The user's own models: imported, renamed, deleted. Shipped files are never changed."""

from __future__ import annotations

import os
import re
from pathlib import Path

from explorer.services import checkpoint_files, user_folders
from vae_core import checkpoint
from vae_core.checkpoint import MAX_FILE_BYTES, SUFFIX, CheckpointError
from vae_core.files import replacing

NAME_CHARACTERS = r"\w .()+=-"
NAME = re.compile(rf"[^\W_][{NAME_CHARACTERS}]{{0,59}}")
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(1, 10))}
"""File names that Windows reserves."""


class UserModelError(ValueError):
    """A change of the user's models that cannot be made. The message says why."""


def import_checkpoint(content: bytes, file_name: str) -> str:
    """Stores an uploaded checkpoint under the file's name, and returns that name.

    Raises UserModelError and stores nothing where it is invalid.
    """
    return _store(content, _new_path(cleaned(file_name.removesuffix(SUFFIX), "-")), file_name)


def _store(content: bytes, target: Path, file_name: str) -> str:
    if len(content) > MAX_FILE_BYTES:
        raise UserModelError(f"{file_name} has {len(content) / 2**20:,.0f} MB; the limit is {MAX_FILE_BYTES // 2**20} MB.")
    try:
        with replacing(target) as path:
            path.write_bytes(content)
            checkpoint.load(path, file_name)
    except CheckpointError as error:
        raise UserModelError(str(error)) from None
    except OSError as error:
        raise UserModelError(f"{file_name} could not be saved in {target.parent}: {error.strerror}.") from None
    return target.stem


def keep(source: Path, name: str) -> str:
    """Stores a copy of the checkpoint at `source` under a name, and returns that name. Raises UserModelError."""
    try:
        content = source.read_bytes()
    except OSError as error:
        raise UserModelError(f"The model cannot be read: {error.strerror}.") from None
    return _store(content, _new_path(name), f"{name}{SUFFIX}")


def cleaned(text: str, replacement: str = "") -> str:
    """Turns text into a valid name. Characters that names may not have are replaced."""
    return re.sub(f"[^{NAME_CHARACTERS}]", replacement, text)[:60].strip("_. -")


def rename(name: str, new: str) -> str:
    """Renames one of the user's models and returns the new name.

    Raises UserModelError where the model is not the user's own, or the name is taken or invalid.
    """
    source, target = _own(name), _new_path(new)
    try:
        os.rename(source, target)
    except OSError as error:
        raise UserModelError(f"{name} could not be renamed: {error.strerror}.") from None
    return target.stem


def delete(name: str) -> None:
    """Deletes one of the user's models. Raises UserModelError where the model is not the user's own."""
    try:
        _own(name).unlink(missing_ok=True)
    except OSError as error:
        raise UserModelError(f"{name} could not be deleted: {error.strerror}.") from None


def _own(name: str) -> Path:
    file = next((file for file in checkpoint_files.files()[0] if file.name == name and file.own), None)
    if file is None:
        raise UserModelError(f"{name} is not one of your own models.")
    return file.path


def _new_path(name: str) -> Path:
    """The path for a new model of that name. Raises UserModelError where the name is invalid or taken."""
    name = name.strip()
    if not NAME.fullmatch(name) or name.endswith("."):
        raise UserModelError(
            "A model's name has 1 to 60 letters, digits, spaces and . - _ ( ) + =, and starts with a letter or a digit."
        )
    if name.split(".")[0].lower() in RESERVED:
        raise UserModelError(f"Windows reserves the name {name}; choose another one.")
    if name.lower() in {file.name.lower() for file in checkpoint_files.files()[0]}:
        raise UserModelError(f"A model called {name} already exists; choose another name.")
    return user_folders.checkpoints() / f"{name}{SUFFIX}"

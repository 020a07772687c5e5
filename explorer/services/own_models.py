"""A person's own models: taken in, renamed, deleted. Nothing that ships is ever written to."""

from __future__ import annotations

import os
import re
from pathlib import Path

from explorer.services import checkpoint_files, places
from vae_core import checkpoint
from vae_core.checkpoint import MAX_FILE_BYTES, SUFFIX, CheckpointError
from vae_core.files import replacing

ALLOWED = r"\w .()+=-"
NAME = re.compile(rf"[^\W_][{ALLOWED}]{{0,59}}")


RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(1, 10))}


class OwnModelError(ValueError):
    """What was asked for cannot be done; the message says why."""


def take_in(content: bytes, file_name: str) -> str:
    """Keeps the checkpoint that a file holds, under the file's name. Raises OwnModelError, and keeps nothing."""
    return _store(content, _free(cleaned(file_name.removesuffix(SUFFIX), "-")), file_name)


def _store(content: bytes, target: Path, file_name: str) -> str:
    if len(content) > MAX_FILE_BYTES:
        raise OwnModelError(f"{file_name} has {len(content) / 2**20:,.0f} MB; at most {MAX_FILE_BYTES // 2**20} MB are opened.")
    try:
        with replacing(target) as path:
            path.write_bytes(content)
            checkpoint.load(path, file_name)
    except CheckpointError as error:
        raise OwnModelError(str(error)) from None
    except OSError as error:
        raise OwnModelError(f"{file_name} could not be kept in {target.parent}: {error.strerror}.") from None
    return target.stem


def keep(source: Path, name: str) -> str:
    """Keeps the checkpoint at `source` under a name; gives the name. Raises OwnModelError."""
    try:
        content = source.read_bytes()
    except OSError as error:
        raise OwnModelError(f"The model cannot be read: {error.strerror}.") from None
    return _store(content, _free(name), f"{name}{SUFFIX}")


def cleaned(text: str, instead: str = "") -> str:
    """Text as a name: what names may not have is replaced."""
    return re.sub(f"[^{ALLOWED}]", instead, text)[:60].strip("_. -")


def rename(name: str, new: str) -> str:
    """Gives the new name. Raises OwnModelError where the model is not one's own, or the name is taken or cannot be."""
    source, target = _own(name), _free(new)
    try:
        os.rename(source, target)
    except OSError as error:
        raise OwnModelError(f"{name} could not be renamed: {error.strerror}.") from None
    return target.stem


def delete(name: str) -> None:
    """Raises OwnModelError where the model is not one's own."""
    try:
        _own(name).unlink(missing_ok=True)
    except OSError as error:
        raise OwnModelError(f"{name} could not be deleted: {error.strerror}.") from None


def _own(name: str) -> Path:
    file = next((file for file in checkpoint_files.files()[0] if file.name == name and file.own), None)
    if file is None:
        raise OwnModelError(f"{name} is not among the models that you kept.")
    return file.path


def _free(name: str) -> Path:
    """Where a model of that name goes. Raises OwnModelError where the name cannot be, or is taken."""
    name = name.strip()
    if not NAME.fullmatch(name) or name.endswith("."):
        raise OwnModelError(
            "A model's name has 1 to 60 letters, digits, spaces and . - _ ( ) + =, and begins with a letter or a digit."
        )
    if name.split(".")[0].lower() in RESERVED:
        raise OwnModelError(f"Windows keeps the name {name} for itself; choose another.")
    if name.lower() in {file.name.lower() for file in checkpoint_files.files()[0]}:
        raise OwnModelError(f"There is a model called {name} already; choose another name.")
    return places.checkpoints() / f"{name}{SUFFIX}"

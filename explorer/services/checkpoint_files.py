"""The checkpoint files that the app shows.

They are those that ship with it, the user's own, and those in folders named on the command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from explorer.services import options, user_folders
from vae_core.checkpoint import SUFFIX, CheckpointError, registry
from vae_core.data.untrusted import shown


@dataclass(frozen=True)
class CheckpointFile:
    """One checkpoint file. Its name without the suffix is the model's name in the app and in addresses."""

    name: str
    path: Path
    modified_ns: int
    """Time of the last change, in nanoseconds since the epoch."""
    own: bool = False
    """True if it is one of the user's own models, which can be renamed and deleted in the app."""
    shipped: bool = False


def files() -> tuple[tuple[CheckpointFile, ...], tuple[str, ...]]:
    """The files that exist now, and one sentence for each file that is left out."""
    found: dict[str, CheckpointFile] = {}
    problems = []
    for folder in dict.fromkeys([registry.folder(), user_folders.checkpoints(), *options.checkpoint_folders()]):
        own, shipped = folder == user_folders.checkpoints(), folder == registry.folder()
        if not folder.is_dir():
            if not own and not shipped:
                problems.append(f"The folder {folder}, given with --checkpoints, does not exist.")
            continue
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                file = CheckpointFile(path.stem, path, path.stat().st_mtime_ns, own, shipped)
            except OSError:
                continue
            if not _is_text(file.name):
                problems.append(f"{shown(path.name)} was left out: rename the file, whose name is not valid Unicode.")
            elif file.name in found:
                problems.append(f"{shown(path.name)} in {folder} was left out: another model has this name; rename the file.")
            elif path.is_file() and not path.name.startswith("."):
                found[file.name] = file
    return tuple(found.values()), tuple(problems)


def _is_text(name: str) -> bool:
    """True if the file's name is valid Unicode. Python replaces other bytes by surrogates, which cannot be sent to a page."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def find(name: str) -> CheckpointFile:
    """The file of the model with that name. Raises CheckpointError where it no longer exists."""
    for file in files()[0]:
        if file.name == name:
            return file
    raise CheckpointError(f"The model {name!r} no longer exists; choose another one in the sidebar.")

"""The files behind the models: those that ship, a person's own, and those of folders named when the app was started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from explorer.services import options, places
from vae_core.checkpoint import SUFFIX, CheckpointError, registry
from vae_core.data.untrusted import shown


@dataclass(frozen=True)
class File:
    """A checkpoint's file; its name is what the app and its addresses call the model."""

    name: str
    path: Path
    changed: int
    """When, in nanoseconds."""
    own: bool = False
    """Kept in the app: its person may rename and delete it."""
    shipped: bool = False


def files() -> tuple[tuple[File, ...], tuple[str, ...]]:
    """The files that there are now, and a sentence for each that has to be left out."""
    found: dict[str, File] = {}
    problems = []
    for folder in dict.fromkeys([registry.folder(), places.checkpoints(), *options.checkpoint_folders()]):
        own, shipped = folder == places.checkpoints(), folder == registry.folder()
        if not folder.is_dir():
            if not own and not shipped:
                problems.append(f"There is no folder {folder}, which was named when the app was started.")
            continue
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                file = File(path.stem, path, path.stat().st_mtime_ns, own, shipped)
            except OSError:
                continue
            if not _is_text(file.name):
                problems.append(f"{shown(path.name)} was left out: rename the file, whose name is not valid Unicode.")
            elif file.name in found:
                problems.append(f"{shown(path.name)} in {folder} was left out: there is another of that name; rename the file.")
            elif path.is_file() and not path.name.startswith("."):
                found[file.name] = file
    return tuple(found.values()), tuple(problems)


def _is_text(name: str) -> bool:
    """Whether the bytes of a file's name are text; else Python stands in for them with what no page can be sent."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def find(name: str) -> File:
    """The file of that name. Raises CheckpointError where it is gone."""
    for file in files()[0]:
        if file.name == name:
            return file
    raise CheckpointError(f"There is no model {name!r} any more; choose another in the sidebar.")

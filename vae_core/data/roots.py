"""Where data is looked for: the caller's root, the folders of VAE_DATA, the user's cache, in that order."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vae_core.files import expanded, user_folder

from .dataset import DataError

VARIABLE = "VAE_DATA"
_LISTED = 200
"""Files of a folder that are looked at to say what is in it."""


def cache_folder() -> Path:
    """The user's cache folder for this project; it need not exist yet."""
    return user_folder("cache")


def search_roots(root: Path | None = None) -> list[Path]:
    """The folders that are searched, in order, without repeats."""
    named = [expanded(part) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part.strip()]
    first = [] if root is None else [expanded(root)]
    return list(dict.fromkeys([*first, *named, cache_folder() / "data"]))


def find(layouts: Sequence[Callable[[Path], bool]], root: Path | None = None) -> tuple[int, Path] | None:
    """The first root that holds one of the layouts, as (which layout, root); None where none does.

    layouts: each tells whether a root holds one form of the data, preferred form first.
    """
    for folder in search_roots(root):
        for which, holds in enumerate(layouts):
            with suppress(OSError):
                if holds(folder):
                    return which, folder
    return None


def places(root: Path, relative: str) -> Iterator[Path]:
    """The paths at which a file or folder called `relative` (with /) may be.

    It may be under the root, and, where the root is itself the beginning of `relative` (ROOT/MNIST for MNIST/raw), from there
    on.
    """
    parts = relative.split("/")
    yield root.joinpath(*parts)
    above = [part.casefold() for part in Path(os.path.abspath(root)).parts]
    for k in range(1, len(parts) + 1):
        if above[-k:] == [part.casefold() for part in parts[:k]]:
            yield root.joinpath(*parts[k:])


def file_at(root: Path, relative: str) -> Path | None:
    """The first of these places that is a file."""
    return next((path for path in places(root, relative) if path.is_file()), None)


@dataclass(frozen=True)
class Pieces:
    """The number of files of a set that are in a folder."""

    folder: Path
    files: dict[str, bool]
    """True if each of its files is there, by name."""
    wanted: str
    """The name that the folder has to have, with /."""


def incomplete(pieces: Callable[[Path], Pieces], root: Path | None = None) -> str:
    """A clause that names the files of an incomplete set that were found, or "". pieces: the files under one root."""
    for base in search_roots(root):
        with suppress(OSError):
            if said := _incomplete(pieces(base), base):
                return said
    return ""


def _incomplete(found: Pieces, base: Path) -> str:
    lacking = [name for name, there in found.files.items() if not there]
    if not lacking:
        return f"{found.folder} has files of these names, and has to be called {found.wanted}"
    if len(lacking) < len(found.files):
        have = len(found.files) - len(lacking)
        return f"{found.folder} has {have} of the {len(found.files)} files and lacks {', '.join(lacking)}"
    if found.folder == base or not found.folder.is_dir():
        return ""
    names = sorted(entry.name for entry in itertools.islice(os.scandir(found.folder), _LISTED))
    if not names:
        return f"{found.folder} is empty"
    listed = ", ".join(names[:3] + ["..."] * (len(names) > 3))
    return f"{found.folder} has none of the files {', '.join(lacking)}; it has {listed}"


def how_to_get(name: str) -> str:
    """The end of the sentence that tells a person how to get a set that is not here."""
    return f"run `python -m vae_core fetch {name}`, or set {VARIABLE} to the folder that holds it"


def missing(
    name: str,
    title: str,
    layouts: Sequence[Callable[[Path], bool]],
    pieces: Callable[[Path], Pieces],
    root: Path | None = None,
) -> DataError:
    """The error for a set that is whole in none of the roots: what of it was found, or where it was looked for."""
    if said := _deeper(layouts, root):
        return DataError(f"{title} is in {said}: set {VARIABLE} to that folder.")
    if said := incomplete(pieces, root):
        return DataError(f"{title} is not complete on this computer: {said}. To get it, {how_to_get(name)}.")
    looked = ", ".join(str(p) for p in search_roots(root))
    return DataError(f"{title} is not on this computer (looked in {looked}): {how_to_get(name)}.")


def _deeper(layouts: Sequence[Callable[[Path], bool]], root: Path | None) -> Path | None:
    """A folder in one of the roots that would do as a root."""
    for base in search_roots(root):
        with suppress(OSError):
            for entry in itertools.islice(os.scandir(base), _LISTED):
                if entry.is_dir() and any(holds(Path(entry.path)) for holds in layouts):
                    return Path(entry.path)
    return None

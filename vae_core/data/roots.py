"""Where data is looked for: the caller's root, the folders of VAE_DATA, the user's cache, in that order."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from .dataset import DataError

VARIABLE = "VAE_DATA"
_APP = "latent-explorer"


def cache_folder() -> Path:
    """The user's cache folder for this project; it need not exist yet."""
    if given := os.environ.get("XDG_CACHE_HOME"):
        base = Path(given)
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base.expanduser() / _APP


def search_roots(root: Path | None = None) -> list[Path]:
    """The folders that are searched, in order, without repeats."""
    named = [Path(part).expanduser() for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part.strip()]
    first = [] if root is None else [Path(root).expanduser()]
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


def how_to_get(name: str) -> str:
    """The end of the sentence that tells a person how to get a set that is not here."""
    return f"run `python -m vae_core fetch {name}`, or set {VARIABLE} to the folder that holds it"


def missing(name: str, title: str, root: Path | None = None) -> DataError:
    """The error for a set that is in none of the roots."""
    places = ", ".join(str(p) for p in search_roots(root))
    return DataError(f"{title} is not on this computer (looked in {places}): {how_to_get(name)}.")

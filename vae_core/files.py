"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import functools
import glob
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from platformdirs import PlatformDirs

APP = "latent-explorer"
"""The name of this project's folders among those of the user."""
STALE_SECONDS = 3600
_WITHOUT_HOME = {"cache": Path(".cache"), "data": Path(".local", "share")}
"""Where folders of each kind lie in the private folder of a user who has no home folder."""


def expanded(path: str | Path) -> Path:
    """The path with `~` replaced by the home folder; unchanged where that is not known."""
    return Path(os.path.expanduser(path))


def carried(package: Path, name: str) -> Path:
    """The folder `name` that comes with a package: inside the package's folder once installed, beside it in the repository."""
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def user_folder(kind: Literal["cache", "data"]) -> Path:
    """The user's folder for this project's cache or data; it need not exist yet.

    It is the one that the operating system sets aside for this, or lies in the folder that XDG_CACHE_HOME or XDG_DATA_HOME
    names. For a user without a home folder, as in some containers, it lies in a private folder among the temporary files.
    """
    if named := os.environ.get(f"XDG_{kind.upper()}_HOME"):
        return expanded(named) / APP
    folders = PlatformDirs(APP, appauthor=False, opinion=False)
    try:
        folder = folders.user_cache_path if kind == "cache" else folders.user_data_path
    except RuntimeError:  # The home folder is unknown. Earlier releases of platformdirs return a path that begins with ~ then.
        folder = Path("~")
    return folder if folder.is_absolute() else _temporary_home() / _WITHOUT_HOME[kind] / APP


def _temporary_home() -> Path:
    """A private folder among the temporary files, or, where there can be none, a path below which every write fails."""
    try:
        return _private_folder(tempfile.gettempdir())
    except OSError:
        return Path(os.devnull)


@functools.cache
def _private_folder(parent: str) -> Path:
    """The user's folder in `parent`, the same for all processes of the user unless someone else has taken its name."""
    user = os.getuid() if hasattr(os, "getuid") else None
    folder = Path(parent) / (APP if user is None else f"{APP}-{user}")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and (user is None or (found.st_uid == user and not found.st_mode & 0o077)):
        return folder
    return Path(tempfile.mkdtemp(prefix=f"{APP}-", dir=parent))


class PathError(ValueError):
    """A path where no file can be written; the message names it and says why."""


def writable(path: Path) -> None:
    """Makes the folder of a file that is to be written with `replacing`, and tries to write there.

    Raises PathError where that fails: better now than after the work whose outcome the file is for.
    """
    if os.path.isdir(path):
        raise PathError(f"{path} is a folder; give the name of a file.")
    if os.path.exists(path) and not os.path.isfile(path):
        raise PathError(f"{path} is a device or a pipe; give the name of a file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _beside(path)
        temporary.touch()
        temporary.unlink()
    except ValueError:
        raise PathError(f"The path {str(path)!r} has a character that no path may have.") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise PathError(f"{str(path)[:60]}... is too long, or has too long a name in it; give a shorter path.") from None
        reason = "it is a file" if os.path.isfile(path.parent) else error.strerror
        raise PathError(f"Nothing can be written to {path.parent} ({reason}); make room or give another folder.") from None


def _beside(path: Path) -> Path:
    """A name for a temporary file beside `path`."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; it takes the place of `path` when the block ends without an error.

    What was at `path` stays as it was until then, and for good where the block fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for stale in path.parent.glob(f".{glob.escape(path.name)}.????????"):
        # A writer that was killed leaves its file behind; one at work has touched its own just now.
        if time.time() - stale.stat().st_mtime > STALE_SECONDS:
            stale.unlink(missing_ok=True)
    temporary = _beside(path)
    try:
        temporary.touch()
        usual = temporary.stat().st_mode
        yield temporary
        # Some writers make their file for the owner alone.
        temporary.chmod(usual)
        # Windows flushes only what is open for writing.
        with temporary.open("r+b") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

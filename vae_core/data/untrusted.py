"""Files of unknown origin, from a folder or a .zip, read one by one under limits; nothing is extracted to disk."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .dataset import DataError

_CHUNK = 2**16
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others can be made to take gigabytes to open
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Limits:
    """Limits beyond which a file, or all that follow, is refused. Sizes are counted while reading, never taken from a header.

    images, entries: how many are used, and how many files are looked at. file_bytes: one file, unpacked; total_bytes:
    all files together. ratio: unpacked over packed bytes of a zip entry, once it has given `ratio_from` bytes. pixels:
    one image, in pixels of 4 bytes that decoding it takes, told from its header; a large JPEG is decoded small, and counts
    so. total_pixels: all images, as far as they were decoded. decoded_bytes: all images as kept in memory.
    directory_bytes: a zip's own list.
    """

    images: int = 200_000
    entries: int = 400_000
    file_bytes: int = 2**26
    total_bytes: int = 2**33
    ratio: int = 250
    ratio_from: int = 2**20
    pixels: int = 2**26
    total_pixels: int = 50_000_000_000
    decoded_bytes: int = 2**31
    directory_bytes: int = 2**26


class RefusedError(Exception):
    """One file cannot be used; the text is the reason a person is given."""


class FullError(RefusedError):
    """Neither this file nor any after it can be used."""


Refusals = list[tuple[str, str]]


@dataclass(frozen=True)
class Entry:
    """One file: its name under the top, with /, and a reader of all its bytes that raises RefusedError."""

    name: str
    read: Callable[[], bytes]


class Meter:
    """Reads streams to their end and keeps count over all of them."""

    def __init__(self, limits: Limits, starts: re.Pattern[bytes]) -> None:
        """starts: what the first 32 bytes of a wanted file match; of any other file no more than those is read."""
        self._limits, self._starts, self._total = limits, starts, 0

    def read(self, stream: IO[bytes], packed: int | None = None) -> bytes:
        """All bytes of a file. packed: its size inside the zip. Raises RefusedError."""
        limits, content = self._limits, bytearray()
        while chunk := stream.read(_CHUNK if content else 32):
            if not content and not self._starts.match(chunk):
                raise RefusedError("it is not a PNG, JPEG, WebP, BMP or GIF image")
            content += chunk
            self._total += len(chunk)
            if self._total > limits.total_bytes:
                raise FullError(f"all files together are larger than {limits.total_bytes:,} bytes")
            if len(content) > limits.file_bytes:
                raise RefusedError(f"it is larger than {limits.file_bytes:,} bytes")
            if packed is not None and len(content) > max(limits.ratio_from, limits.ratio * packed):
                raise RefusedError(f"it unpacks to more than {limits.ratio} times its size, like a zip bomb")
        if not content:
            raise RefusedError("it is empty")
        return bytes(content)


def shown(name: str) -> str:
    """A file's name as it may be put on a screen: no control characters, not longer than 200."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name[:200])


@contextmanager
def entries(path: Path, meter: Meter, limits: Limits, refused: Refusals, title: str = "") -> Iterator[list[Entry]]:
    """The files of a folder or .zip, sorted by name, to be read inside the block. Raises DataError, which calls it by `title`.

    What is no ordinary file goes to `refused`. Names that begin with a dot, and what macOS puts under __MACOSX, are
    the system's own and are passed over.
    """
    if path.is_dir():
        yield _sorted(_in_folder(path, meter, refused), limits, refused)
    elif path.is_file():
        try:
            archive = zipfile.ZipFile(_Guarded(io.FileIO(path), limits.directory_bytes))
        # A damaged directory comes out of zipfile as many kinds of error (struct.error and IndexError among them).
        except Exception as error:
            raise DataError(f"{title or path} is neither a folder nor a readable .zip: {error}.") from None
        with archive:
            yield _sorted(_in_zip(archive, meter, refused), limits, refused)
    else:
        raise DataError(f"There is no folder or .zip at {path}.")


def _sorted(found: Iterator[Entry], limits: Limits, refused: Refusals) -> list[Entry]:
    kept: list[Entry] = []
    for entry in found:
        if len(kept) == limits.entries:
            refused.append((shown(entry.name), f"there are more than {limits.entries:,} files; the rest is left out"))
            break
        if not any(part.startswith(".") or part == "__MACOSX" for part in entry.name.split("/")):
            kept.append(entry)
    return sorted(kept, key=lambda entry: entry.name)


def _in_folder(top: Path, meter: Meter, refused: Refusals) -> Iterator[Entry]:
    waiting = [str(top)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                children = sorted(listing, key=lambda child: child.name)
        except OSError as error:
            refused.append((_relative(folder, top), f"it cannot be opened: {error.strerror}"))
            continue
        for child in children:
            name = _relative(child.path, top)
            if child.is_symlink():
                refused.append((shown(name), "it is a link, and links are not followed"))
            elif child.is_dir(follow_symlinks=False):
                waiting.append(child.path)
            elif child.is_file(follow_symlinks=False):
                yield Entry(name, _file_reader(child.path, meter))
            else:
                refused.append((shown(name), "it is not an ordinary file"))


def _relative(path: str, top: Path) -> str:
    return os.path.relpath(path, top).replace(os.sep, "/")


def _file_reader(path: str, meter: Meter) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            # Opened so that a link or pipe put there since the listing is neither followed nor waited for.
            with open(os.open(path, _OPEN_FLAGS), "rb") as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    raise RefusedError("it is not an ordinary file")
                return meter.read(stream)
        except OSError as error:
            raise RefusedError(f"it cannot be read: {error.strerror}") from None

    return read


def _in_zip(archive: zipfile.ZipFile, meter: Meter, refused: Refusals) -> Iterator[Entry]:
    names = set()
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")
        if reason := _wrong_entry(info, name, names):
            refused.append((shown(name), reason))
        elif not name.endswith("/"):
            names.add(name)
            yield Entry(name, _zip_reader(archive, info, meter))


def _wrong_entry(info: zipfile.ZipInfo, name: str, names: set[str]) -> str | None:
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
        return "its name points outside the zip"
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a link or a special entry, and those are not followed"
    if info.flag_bits & 0x2041:
        return "it is encrypted"
    if info.compress_type not in _READABLE:
        return "it is packed in another way than deflate"
    return "the zip holds this name twice" if name in names else None


def _zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: Meter) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with archive.open(info) as stream:
                return meter.read(stream, info.compress_size)
        except RefusedError:
            raise
        except Exception as error:  # as above: zipfile has many kinds of error for damaged bytes
            raise RefusedError(f"its part of the zip is damaged: {shown(str(error))}") from None

    return read


class _Guarded(io.BufferedReader):
    """A zip file whose directory, which zipfile reads in one piece and keeps, may be only so large."""

    def __init__(self, raw: io.FileIO, limit: int) -> None:
        super().__init__(raw)
        self._limit, self._size = limit, os.fstat(raw.fileno()).st_size

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = self._size - self.tell() if size is None or size < 0 else size
        if wanted > self._limit:
            raise DataError(f"it has a directory of {wanted:,} bytes, more than {self._limit:,}")
        return super().read(wanted)

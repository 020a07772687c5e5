"""Fetching the public sets: verified by md5, continued after an interruption, never half there under their own name.

The addresses and md5 sums of images are those of torchvision's dataset classes; CIFAR-10's binary version lies beside the
Python version that torchvision names, with the md5 that https://www.cs.toronto.edu/~kriz/cifar.html gives.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import re
import socket
import ssl
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from filelock import lock_descriptor

from vae_core.files import expanded

from . import celeba, cifar, mnist, names
from .dataset import DataError, Progress
from .roots import cache_folder, search_roots
from .untrusted import shown

_CHUNK = 2**18
_TRIES = 4
_TIMEOUT = 30.0


@dataclass(frozen=True)
class Remote:
    """One file to fetch: where from (in order of preference), where to under the root, its md5, its largest size."""

    urls: tuple[str, ...]
    path: str
    md5: str
    limit: int = 2**28


def fetch(name: str, *, root: Path | None = None, progress: Progress | None = None) -> Path:
    """Downloads a public set and returns the folder to give `load_dataset` as root.

    root: where to put it; the user's cache unless given. Without a root, a set that is already in one of the folders
    that are searched is left as it is and nothing is downloaded; nor is anything for the sets that need no download.
    What is already in `root` and whole is kept; what is broken there is replaced. Raises DataError.
    """
    target = expanded(root) if root is not None else cache_folder() / "data"
    if name in ("digits", "mnist5k", "shapes", "made_up_names"):
        return target
    if name not in _SETS:
        raise DataError(f"There is no set {name!r} to fetch; there are {', '.join(_SETS)}.")
    remotes, holds = _SETS[name]
    if root is None:
        for folder in search_roots():
            with suppress(OSError):
                if folder != target and holds(folder):
                    return folder
    for remote in remotes():
        download(remote, target, progress)
    return target


def download(remote: Remote, root: Path, progress: Progress | None = None) -> Path:
    """One file into root / remote.path. Raises DataError; then the name is not there, or holds what it held before.

    An interrupted download leaves its draft beside the target, and the next one goes on from there.
    """
    target = root / remote.path
    try:
        if target.is_file() and _md5(target) == remote.md5:
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.part")
        with draft.open("a+b") as stream:
            if not lock_descriptor(stream.fileno(), blocking=False):
                raise DataError(f"{target.name} is being downloaded by another program; try again when it has ended.")
            try:
                _fill(stream, remote, target.name, progress)
            except DataError:
                if not os.fstat(stream.fileno()).st_size:
                    with suppress(OSError):
                        draft.unlink()
                raise
        draft.replace(target)
    except OSError as error:
        raise DataError(f"{target} could not be written: {error.strerror or error}.") from None
    return target


def _fill(stream: io.BufferedIOBase, remote: Remote, name: str, progress: Progress | None) -> None:
    """Completes the draft from the first address that gives the right bytes, or empties it and raises DataError."""
    reasons: dict[str, str] = {}
    for url in remote.urls:
        host = urlsplit(url).hostname or url
        for _ in range(_TRIES):
            resumed = stream.seek(0, os.SEEK_END) > 0
            try:
                _receive(url, stream, remote.limit, name, progress)
            except _DiskError as error:
                raise DataError(f"{name} could not be written: {error.args[0]}.") from None
            except (OSError, http.client.HTTPException, DataError) as error:
                reasons[host] = _why(error)
                if isinstance(error, HTTPError | DataError):
                    break  # the server's word, and not an interruption
                continue
            if _md5_of(stream) == remote.md5:
                return
            page = _is_page(stream)
            stream.truncate(0)
            reasons[host] = "what came is a web page" if page else "what came is not the file it should be (its md5 is wrong)"
            if not resumed:
                break
    kept = "; what has come is kept for the next attempt" if stream.seek(0, os.SEEK_END) else ""
    said = shown("; ".join(f"{host}: {reason}" for host, reason in reasons.items()))
    raise DataError(f"{name} could not be downloaded ({said}){kept}.")


class _DiskError(Exception):
    """The draft cannot be written; the text is the reason."""


def _why(error: Exception) -> str:
    """Why nothing more came, in words."""
    if isinstance(error, HTTPError):
        return f"the server answers {error.code} ({error.reason})"
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, socket.gaierror):
        return "the server's name is not known here; is there a network?"
    if isinstance(cause, TimeoutError):
        return f"the server did not answer within {_TIMEOUT:.0f} seconds"
    if isinstance(cause, ssl.SSLError):
        return f"no secure connection could be made {getattr(cause, 'verify_message', '')}".strip()
    if isinstance(cause, http.client.HTTPException):
        return "the answer is not that of a web server, or broke off"
    return getattr(cause, "strerror", None) or str(cause)


def _is_page(stream: io.BufferedIOBase) -> bool:
    stream.seek(0)
    return stream.read(64).lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _receive(url: str, stream: io.BufferedIOBase, limit: int, name: str, progress: Progress | None) -> None:
    """Appends to the draft what is still missing; raises ConnectionError when the connection ends early."""
    have = stream.seek(0, os.SEEK_END)
    headers = {"User-Agent": "latent-explorer", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT)
    except HTTPError as error:
        error.close()
        if error.code == 416 and have:  # the draft is whole already, or of something else: its md5 will tell
            return
        raise
    with response:
        given = re.fullmatch(r"bytes (\d+)-\d+/(?:\d+|\*)", response.headers.get("Content-Range", ""))
        if have and not (response.status == 206 and given and int(given[1]) == have):
            stream.truncate(0)
            have = 0
            if response.status == 206:
                raise ConnectionError("the server answered with another part than was asked for")
        length = response.length
        total = 0 if length is None else have + length
        if total > limit:
            raise DataError(f"it is {total:,} bytes, more than the {limit:,} expected")
        while chunk := response.read(_CHUNK):
            have += len(chunk)
            if have > limit:
                stream.truncate(0)
                raise DataError(f"more than the {limit:,} bytes expected")
            try:
                stream.write(chunk)
                stream.flush()
            except OSError as error:
                raise _DiskError(error.strerror or str(error)) from None
            if progress:
                progress(f"downloading {name}", have, total)
    stream.flush()
    if have < total:
        raise ConnectionError(f"the connection ended after {have:,} of {total:,} bytes")


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return _md5_of(stream)


def _md5_of(stream: io.BufferedIOBase) -> str:
    stream.seek(0)
    return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _torchvision_set(name: str) -> type:
    """The class of a data set in torchvision.

    Raises DataError where torchvision is not installed or fails when it is imported.
    """
    from ..torchvision_shim import import_torchvision

    try:
        return getattr(import_torchvision().datasets, name)
    except (ImportError, RuntimeError, OSError) as error:  # One that does not fit torch raises any of these.
        raise DataError(f"Downloading needs torchvision, and it cannot be imported: {error}.") from None


def _idx_files(kind: str) -> Callable[[], list[Remote]]:
    def remotes() -> list[Remote]:
        source = _torchvision_set(kind)
        return [
            Remote(tuple(mirror + file for mirror in source.mirrors), f"{kind}/raw/{file}", md5)
            for file, md5 in source.resources
        ]

    return remotes


def _cifar_archive() -> list[Remote]:
    beside = _torchvision_set("CIFAR10").url.rpartition("/")[0]
    return [Remote((f"{beside}/{cifar.ARCHIVE}",), cifar.ARCHIVE, cifar.ARCHIVE_MD5)]


def _celeba_files() -> list[Remote]:
    wanted = (celeba.PARTITION, celeba.ATTRIBUTES, celeba.ARCHIVE)
    listed = {file: (key, md5) for key, md5, file in _torchvision_set("CelebA").file_list}
    # confirm=t answers the page on which Google Drive says that a large file was not searched for viruses.
    address = "https://drive.usercontent.google.com/download?id={}&export=download&confirm=t"
    return [Remote((address.format(listed[file][0]),), f"{celeba.FOLDER}/{file}", listed[file][1], 2**31) for file in wanted]


def _names_file() -> list[Remote]:
    return [
        Remote(("https://raw.githubusercontent.com/karpathy/makemore/master/names.txt",), names.FILE, names.FILE_MD5, 2**20)
    ]


_SETS: dict[str, tuple[Callable[[], list[Remote]], Callable[[Path], bool]]] = {
    "mnist": (_idx_files("MNIST"), mnist.has_mnist),
    "fashion_mnist": (_idx_files("FashionMNIST"), mnist.has_fashion),
    "cifar10": (_cifar_archive, lambda root: cifar.has_archive(root) or cifar.has_folder(root)),
    "celeba": (_celeba_files, celeba.has_full),
    "names": (_names_file, names.has_names),
}
FETCHABLE = tuple(_SETS)
"""Names of the sets that `fetch` downloads."""

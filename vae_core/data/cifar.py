"""CIFAR-10, from the archive of its binary version, from that archive unpacked, or from a pack of JPEG files.

Source: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images"
(https://www.cs.toronto.edu/~kriz/cifar.html). The Python version of the archive holds pickles and is never opened.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from .dataset import DataError, Dataset, Progress, Split, shuffled, whole
from .jpeg_archive import decoded, read_pack
from .roots import Pieces, file_at, find, how_to_get, missing, places, search_roots

ARCHIVE = "cifar-10-binary.tar.gz"
ARCHIVE_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
FOLDER = "cifar-10-batches-bin"
PACK = "cifar10/cifar10_60k_jpeg.npz"
BATCHES = tuple(f"data_batch_{i}.bin" for i in range(1, 6)), ("test_batch.bin",)
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
VALIDATION = 2_000
_PICKLES = ("cifar-10-batches-py", "cifar-10-python.tar.gz")
_RECORD = 1 + 3 * 32 * 32
_BATCH = 10_000 * _RECORD
_UNPACKED_LIMIT = 2**28  # the archive unpacks to 184 MB


def has_archive(root: Path) -> bool:
    """True if the binary version's archive is under this root."""
    return (root / ARCHIVE).is_file()


def has_folder(root: Path) -> bool:
    """True if the unpacked binary version is under this root."""
    return all(pieces(root).files.values())


def has_pack(root: Path) -> bool:
    """True if the pack of JPEG files is under this root."""
    return file_at(root, PACK) is not None


def pieces(root: Path) -> Pieces:
    """The files of the unpacked binary version that are under this root."""
    names = [name for part in BATCHES for name in part]
    folder = max(places(root, FOLDER), key=lambda folder: sum((folder / name).is_file() for name in names))
    return Pieces(folder, {name: (folder / name).is_file() for name in names}, FOLDER)


def cifar10(root: Path | None = None, progress: Progress | None = None) -> Dataset:
    """48,000 train, 2,000 validation, the 10,000 test images. Raises DataError."""
    layouts = [has_folder, has_archive, has_pack]
    found = find(layouts, root)
    if found is None:
        pickles = [r / name for r in search_roots(root) for name in _PICKLES if (r / name).exists()]
        if pickles:
            raise DataError(
                f"CIFAR-10 is here only as Python pickles ({pickles[0]}), which are not opened because a pickle can "
                f"run code: {how_to_get('cifar10')} in its binary version."
            )
        raise missing("cifar10", "CIFAR-10", layouts, pieces, root)
    layout, folder = found
    if layout == 0:
        unpacked = pieces(folder).folder
        batches = {n: _read_file(unpacked / n) for part in BATCHES for n in part}
        train, test = _from_batches(batches, unpacked)
    elif layout == 1:
        train, test = _from_batches(_read_archive(folder / ARCHIVE), folder / ARCHIVE)
    else:
        train, test = _from_pack(file_at(folder, PACK) or folder / PACK, progress)
    order = shuffled(len(train))
    coded = " Re-coded as JPEG, so not for figures to publish." if layout == 2 else ""
    return Dataset(
        name="cifar10",
        title="CIFAR-10",
        about="60,000 photographs of 32x32 colour pixels in ten classes (48,000 train, 2,000 validation, the 10,000 "
        f"test images), by Krizhevsky, Nair and Hinton (no licence stated).{coded}",
        train=train.take(order[VALIDATION:]),
        validation=train.take(order[:VALIDATION]),
        test=test.take(shuffled(len(test))),
        classes=CLASSES,
    )


def _from_batches(batches: dict[str, bytes], where: Path) -> tuple[Split, Split]:
    """Each record is a label, then the red, green and blue planes."""
    splits = []
    for names in BATCHES:
        records = np.frombuffer(b"".join(batches[name] for name in names), np.uint8).reshape(-1, _RECORD)
        if records[:, 0].max() > 9:
            raise DataError(f"{where} holds the label {records[:, 0].max()}, and CIFAR-10's labels go from 0 to 9.")
        splits.append(whole(records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]))
    return splits[0], splits[1]


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_BATCH + 1)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}.") from None
    return _checked(content, path)


def _checked(content: bytes, where: object) -> bytes:
    if len(content) != _BATCH:
        raise DataError(f"{where} is not a batch of 10,000 CIFAR-10 images: its size is not {_BATCH:,} bytes.")
    return content


def _read_archive(path: Path) -> dict[str, bytes]:
    """The six batches by name, read in one pass over the stream; nothing is written to disk."""
    wanted = {name for part in BATCHES for name in part}
    batches: dict[str, bytes] = {}
    try:
        with gzip.open(path, "rb") as stream, tarfile.open(fileobj=_Bounded(stream), mode="r|") as archive:
            for member in archive:
                name = os.path.basename(member.name)
                if member.isreg() and name in wanted and member.size == _BATCH and (content := archive.extractfile(member)):
                    batches[name] = _checked(content.read(_BATCH + 1), path)
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from None
    if lacking := sorted(wanted - set(batches)):
        raise DataError(f"{path} does not hold {lacking[0]} of CIFAR-10's binary version.")
    return batches


class _Bounded(io.BufferedIOBase):
    """A stream that ends in an error once it has given more than the real archive could, whatever its headers say."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream, self._left = stream, _UNPACKED_LIMIT

    def read(self, size: int | None = -1, /) -> bytes:
        content = self._stream.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise DataError(f"{ARCHIVE} unpacks to more than the {_UNPACKED_LIMIT >> 20} MiB that CIFAR-10 can take.")
        return content


def _tile(picture: Image.Image) -> Image.Image:
    if picture.size != (32, 32):
        raise DataError(f"it is {picture.width}x{picture.height} pixels, and not 32x32")
    return picture


def _from_pack(path: Path, progress: Progress | None) -> tuple[Split, Split]:
    pack = read_pack(path, ("labels", "is_test"))
    labels, is_test = pack["labels"], pack["is_test"]
    count = len(pack["offsets"]) - 1
    if labels.shape != (count,) or is_test.shape != (count,) or labels.dtype != np.uint8 or is_test.dtype != np.bool_:
        raise DataError(f"The labels of {path} do not fit its images.")
    if labels.max() > 9 or is_test.sum() != 10_000 or count != 60_000:
        raise DataError(f"{path} does not hold the 50,000 training and 10,000 test images of CIFAR-10.")
    x = decoded(path, pack, 32, _tile, "cifar10", progress)
    return whole(x[~is_test], labels[~is_test]), whole(x[is_test], labels[is_test])

"""CelebA, aligned faces at 64x64: the whole set in torchvision's layout, or a pack of the first 10,000 at half size.

Source: Liu, Luo, Wang and Tang 2015 (https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html), for non-commercial research.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from vae_core.files import replacing

from .dataset import DataError, Dataset, Progress, Split, shuffled, whole
from .jpeg_archive import decoded, read_pack, shaped
from .roots import Pieces, cache_folder, file_at, find, missing, places

PACK = "faces/celeba10k_89x109_jpeg.npz"
FOLDER = "celeba"
ARCHIVE = "img_align_celeba.zip"
IMAGES = "img_align_celeba"
ATTRIBUTES = "list_attr_celeba.txt"
PARTITION = "list_eval_partition.txt"
SIDE = 64
_FILE_NAME = re.compile(r"\d{6}\.jpg")
_TEXT_LIMIT, _IMAGE_LIMIT = 2**26, 2**21


def has_pack(root: Path) -> bool:
    """True if the pack of the first 10,000 faces is under this root."""
    return file_at(root, PACK) is not None


def has_full(root: Path) -> bool:
    """True if the whole set, images zipped or not, is under this root."""
    return all(pieces(root).files.values())


def pieces(root: Path) -> Pieces:
    """The files of the whole set that are under this root."""

    def files(folder: Path) -> dict[str, bool]:
        images = (folder / ARCHIVE).is_file() or (folder / IMAGES).is_dir()
        return {name: (folder / name).is_file() for name in (ATTRIBUTES, PARTITION)} | {ARCHIVE: images}

    folder = max(places(root, FOLDER), key=lambda folder: sum(files(folder).values()))
    return Pieces(folder, files(folder), FOLDER)


def celeba(root: Path | None = None, progress: Progress | None = None) -> Dataset:
    """The whole set by its official partition; the pack as 8,500 train, 500 validation, 1,000 test.

    The whole set is decoded once into the user's cache (2.5 GB) and mapped from there. Raises DataError.
    """
    layouts = [has_full, has_pack]
    found = find(layouts, root)
    if found is None:
        raise missing("celeba", "CelebA", layouts, pieces, root)
    layout, folder = found
    if layout == 0:
        return _from_full(pieces(folder).folder, progress)
    return _from_pack(file_at(folder, PACK) or folder / PACK, progress)


def _dataset(train: Split, validation: Split, test: Split, names: tuple[str, ...], which: str) -> Dataset:
    return Dataset(
        name="celeba",
        title="CelebA faces",
        about=f"{which} of CelebA at 64x64, colour ({len(train):,} train, {len(validation):,} validation, "
        f"{len(test):,} test), by MMLAB, CUHK; for non-commercial research only.",
        train=train,
        validation=validation,
        test=test,
        attribute_names=names,
    )


def _face(full: tuple[int, int], box: tuple[int, int, int, int]) -> Callable[[Image.Image], Image.Image]:
    """The usual central square of a picture of the size `full`, at 64x64."""

    def shape(picture: Image.Image) -> Image.Image:
        if picture.size != full:
            raise DataError(f"it is {picture.width}x{picture.height} pixels, and not {full[0]}x{full[1]}")
        return picture.convert("RGB").crop(box).resize((SIDE, SIDE), Image.Resampling.LANCZOS)

    return shape


_half = _face((89, 109), (7, 17, 82, 92))
_original = _face((178, 218), (14, 34, 164, 184))


def _from_pack(path: Path, progress: Progress | None) -> Dataset:
    pack = read_pack(path, ("attributes", "attribute_names"))
    attributes, names = pack["attributes"], tuple(str(name) for name in pack["attribute_names"])
    count = len(pack["offsets"]) - 1
    if attributes.shape != (count, len(names)) or attributes.dtype != np.uint8 or (attributes > 1).any() or count < 20:
        raise DataError(f"The attributes of {path} do not fit its images.")
    faces = whole(decoded(path, pack, SIDE, _half, "celeba", progress), attributes=attributes)
    order = shuffled(count)
    held = count * 15 // 100
    test = held * 2 // 3
    return _dataset(
        faces.take(order[held:]), faces.take(order[test:held]), faces.take(order[:test]), names,
        f"The first {count:,} aligned faces",
    )  # fmt: skip


def _from_full(folder: Path, progress: Progress | None) -> Dataset:
    partition = dict(_rows(folder / PARTITION, _lines(folder / PARTITION)))
    parts = [[name for name, words in partition.items() if words == [str(which)]] for which in range(3)]
    if not all(parts) or sum(map(len, parts)) != len(partition):
        raise DataError(f"{folder / PARTITION} does not part the images in training, validation and test.")
    # Held-out faces are shuffled, so that a prefix is a fair sample; those to train on stay as they lie.
    ordered = parts[0] + [part[i] for part in parts[1:] for i in shuffled(len(part))]
    names, attributes = _attributes(folder / ATTRIBUTES, ordered)
    images = torch.from_numpy(_decoded(folder, ordered, progress))
    known = torch.from_numpy(attributes)
    ends = np.cumsum([0, *map(len, parts)])
    splits = [Split(images[a:b], attributes=known[a:b]) for a, b in itertools.pairwise(ends)]
    return _dataset(splits[0], splits[1], splits[2], names, f"All {len(ordered):,} aligned faces")


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as stream:
            content = stream.read(_TEXT_LIMIT + 1)
        text = content.decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from None
    lines = text.splitlines()
    if len(content) > _TEXT_LIMIT or len(lines) < 2:
        raise DataError(f"{path} is not a list of CelebA.")
    return lines


def _rows(path: Path, lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """(file name, the words after it) of each line."""
    for line in lines:
        name, *words = line.split() or [""]
        # Only such names are opened, so a list cannot name a file elsewhere.
        if not _FILE_NAME.fullmatch(name):
            raise DataError(f"{path} has a line that is not of CelebA: it begins with {name[:40]!r}.")
        yield name, words


def _attributes(path: Path, wanted: list[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """The attributes' names, and uint8 0/1 (N, A) for the wanted files in that order."""
    lines = _lines(path)
    names = tuple(lines[1].split())
    values = {}
    for name, words in _rows(path, lines[2:]):
        if len(words) != len(names) or not {"-1", "1"}.issuperset(words):
            raise DataError(f"{path} does not give {name} each of its {len(names)} attributes as -1 or 1.")
        values[name] = bytes(word == "1" for word in words)
    if lacking := [name for name in wanted if name not in values]:
        raise DataError(f"{path} says nothing of {lacking[0]}.")
    return names, np.frombuffer(bytearray().join(values[name] for name in wanted), np.uint8).reshape(len(wanted), -1)


def _decoded(folder: Path, names: list[str], progress: Progress | None) -> np.ndarray:
    """The named faces in that order, uint8 (N, 3, 64, 64), mapped copy-on-write from the user's cache."""
    source = folder / ARCHIVE if (folder / ARCHIVE).is_file() else folder / IMAGES
    state = source.stat()
    key = hashlib.sha256(f"{source.name} {state.st_size} {state.st_mtime_ns} {names}".encode()).hexdigest()[:16]
    cached = cache_folder() / "decoded" / f"celeba-all-{SIDE}-{key}.npy"
    shape = (len(names), 3, SIDE, SIDE)
    try:
        if not cached.is_file():
            with replacing(cached) as draft:
                out = np.lib.format.open_memmap(draft, mode="w+", dtype=np.uint8, shape=shape)
                with _opener(source) as read:
                    for i, name in enumerate(names):
                        out[i] = _decode(read(name), source, name)
                        if progress and (i % 500 == 499 or i + 1 == len(names)):
                            progress("decoding CelebA", i + 1, len(names))
                out.flush()
                del out
        kept = np.load(cached, mmap_mode="c", allow_pickle=False)
    except (OSError, EOFError, KeyError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"The faces in {source} could not be decoded into {cached.parent}: {error}.") from None
    if kept.dtype != np.uint8 or kept.shape != shape:
        raise DataError(f"{cached} is not what was written there: delete it.")
    return kept


@contextmanager
def _opener(source: Path) -> Iterator[Callable[[str], bytes]]:
    """Gives the bytes of an image by its name, from the folder or from inside the zip."""
    if source.is_dir():

        def read(name: str) -> bytes:
            with (source / name).open("rb") as stream:
                return stream.read(_IMAGE_LIMIT)

        yield read
        return
    with zipfile.ZipFile(source) as archive:

        def read_zipped(name: str) -> bytes:
            with archive.open(f"{IMAGES}/{name}") as stream:
                return stream.read(_IMAGE_LIMIT)

        yield read_zipped


def _decode(content: bytes, source: Path, name: str) -> np.ndarray:
    try:
        return shaped(content, _original)
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{name} of {source} cannot be decoded: {error}.") from None

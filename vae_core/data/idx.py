"""The idx format of MNIST: a magic number, the sizes, then the bytes (http://yann.lecun.com/exdb/mnist/)."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from .dataset import DataError

_UINT8 = 0x08


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The uint8 array of an idx file, gzipped (name ends in .gz) or plain.

    shape: what the file must hold; a size of -1 is taken from the header, and may then be at most 10,000,000. No more
    is read than a file of that shape has, whatever the header or the compression claims. Raises DataError.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as stream:
            start = 4 + 4 * len(shape)
            header = stream.read(start)
            sizes = _sizes(header, shape, path)
            expected = math.prod(sizes)
            body = stream.read(expected + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}.") from None
    if len(body) != expected:
        what = "fewer" if len(body) < expected else "more"
        raise DataError(f"{path} holds {what} bytes than the {expected:,} its header calls for.")
    return np.frombuffer(body, np.uint8).reshape(sizes)


def _sizes(header: bytes, shape: tuple[int, ...], name: Path) -> tuple[int, ...]:
    if len(header) != 4 + 4 * len(shape) or header[:4] != bytes((0, 0, _UINT8, len(shape))):
        raise DataError(f"{name} is not an idx file of unsigned bytes in {len(shape)} dimensions.")
    sizes = tuple(int(n) for n in np.frombuffer(header, ">u4", offset=4))
    for size, wanted in zip(sizes, shape, strict=True):
        if size != wanted and not (wanted == -1 and size <= 10_000_000):
            raise DataError(f"{name} says its sizes are {sizes}, and {shape} was expected.")
    return sizes

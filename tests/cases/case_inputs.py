"""The inputs of the cases: one function for each, which gives a file's bytes, or the files (name -> bytes) of a folder or .zip.

All are made here and are nobody's pictures.
"""

from __future__ import annotations

import struct

import image_files
import numpy as np
from fine_tune_defaults import polygon
from PIL import Image, ImageDraw

Files = dict[str, bytes]


def disc(i: int, side: int = 64, colour: bool = False) -> Image.Image:
    """A disc on a plain ground, whose place, size and brightness or colour depend on `i`."""
    rng = np.random.default_rng(i)
    x, y = rng.integers(10, side - 10, 2).tolist()
    radius = int(rng.integers(5, side // 3))
    fill = tuple(rng.integers(60, 255, 3).tolist()) if colour else int(rng.integers(90, 255))
    image = Image.new("RGB" if colour else "L", (side, side), (20, 30, 60) if colour else 20)
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
    return image


def discs(seeds: range, folder: str = "", side: int = 64, colour: bool = False) -> Files:
    """A PNG of a disc for each seed, numbered from 0."""
    return {f"{folder}{k:04d}.png": image_files.saved(disc(i, side, colour)) for k, i in enumerate(seeds)}


def damaged() -> bytes:
    """A PNG in which one byte was changed."""
    return image_files.damaged(image_files.saved(image_files.photograph(64, 64)))


def grey16_trns() -> bytes:
    """A PNG of a grey ramp in 16 bits, whose black is said to be transparent."""
    return image_files.wide(image_files.ramp(65535), 0, image_files.chunk(b"tRNS", struct.pack(">H", 0)))


def grey12_in_16() -> bytes:
    """A PNG of a grey ramp in 12 bits, stored in 16."""
    return image_files.wide(image_files.ramp(4095))


def all_transparent() -> bytes:
    """A PNG of a disc in colour, all of whose pixels are transparent."""
    picture = disc(5, colour=True)
    picture.putalpha(0)
    return image_files.saved(picture)


def photo_jfif() -> bytes:
    """A small JPEG."""
    return image_files.saved(disc(8, colour=True), "JPEG")


def phone48mp() -> bytes:
    """A JPEG of 48 million pixels."""
    return image_files.saved(Image.new("RGB", (8064, 6048), (120, 130, 140)), "JPEG", quality=60)


def three_on_shaded_paper() -> bytes:
    """A JPEG of a dark 3 on light paper that gets darker to one side."""
    return image_files.saved(image_files.shaded_three(), "JPEG", quality=90)


def classes300() -> Files:
    """Two pictures in each of 300 folders."""
    folders = (discs(range(2 * k, 2 * k + 2), f"person_{k:03d}/", 28) for k in range(300))
    return {name: content for folder in folders for name, content in folder.items()}


def splits() -> Files:
    """The folders train, val and test, each with a folder of cats and one of dogs: 20, 8 and 8 pictures."""
    files: Files = {}
    for part, count, first in (("train", 20, 0), ("val", 8, 100), ("test", 8, 200)):
        for k, name in enumerate(("cat", "dog")):
            files |= discs(range(1000 * k + first, 1000 * k + first + count), f"{part}/{name}/")
    return files


def noise(i: int) -> bytes:
    """A PNG of grey noise, 28x28."""
    return image_files.saved(Image.fromarray(np.random.default_rng(i).integers(0, 255, (28, 28), np.uint8)))


def grow() -> Files:
    """100 pictures of noise."""
    return {f"{i:04d}.png": noise(i) for i in range(100)}


def grey_as_rgb() -> Files:
    """12 grey pictures, stored in colour."""
    return {f"{i:04d}.png": image_files.saved(disc(i).convert("RGB")) for i in range(12)}


def colour12() -> Files:
    """12 pictures in colour."""
    return discs(range(12), colour=True)


def labels_beside() -> Files:
    """12 pictures, and 3,000 text files beside them."""
    return discs(range(12)) | {f"{i:04d}.txt": b"0 .5 .5 .1 .1" for i in range(3000)}


def polygons400() -> Files:
    """400 grey polygons, bright on black, unlike any digit."""
    return {f"polygons/{i:03d}.png": polygon(i, 28, False) for i in range(400)}


def mostly_copies240() -> Files:
    """36 different pictures, and 204 copies of them."""
    return {f"copies/{i:03d}.png": image_files.saved(disc(i % 36, 28)) for i in range(240)}


def lfs_pointer() -> bytes:
    """What Git leaves of a large file where Git LFS is not installed."""
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 3145728\n"


def web_page() -> bytes:
    """What a browser saves where a download was refused."""
    return b"<!DOCTYPE html><html><body>Quota exceeded</body></html>"

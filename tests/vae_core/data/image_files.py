"""Image files for tests, made by Pillow and by hand."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageDraw


def saved(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    """One segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def after_start(jpeg: bytes, added: bytes) -> bytes:
    """A JPEG with bytes added after its first marker."""
    return jpeg[:2] + added + jpeg[2:]


def repeated_scan(width: int, height: int, times: int, cut: int | None = None) -> bytes:
    """A progressive JPEG whose last scan is there several times more, cut to its first bytes."""
    jpeg = saved(Image.new("RGB", (width, height), (10, 200, 30)), "JPEG", progressive=True)
    last = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    return jpeg[:-2] + last[:cut] * times + jpeg[-2:]


def chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, bits: int, colours: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG of rows of samples without filters. extra: chunks before the pixels."""
    line = len(rows) // height
    packed = zlib.compress(b"".join(b"\0" + rows[i * line : (i + 1) * line] for i in range(height)))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def after_header(file: bytes, *extra: bytes) -> bytes:
    """A PNG with chunks added after its header."""
    return file[:33] + b"".join(extra) + file[33:]


def damaged(file: bytes) -> bytes:
    """A file with one byte in its middle changed."""
    middle = len(file) // 2
    return file[:middle] + bytes([file[middle] ^ 0x55]) + file[middle + 1 :]


def ramp(top: int, size: int = 64) -> np.ndarray:
    """Samples that rise from 0 at the left to `top` at the right, uint16 (size, size)."""
    return np.tile(np.linspace(0, top, size).round().astype(np.uint16), (size, 1))


def wide(x: np.ndarray, colours: int = 0, *extra: bytes) -> bytes:
    """A PNG of 16 bits a sample. colours: its type of colour; 0 is grey."""
    return png(x.shape[1], x.shape[0], 16, colours, x.astype(">u2").tobytes(), *extra)


def photograph(width: int, height: int) -> Image.Image:
    """Noise that is brighter towards the bottom, in colour."""
    rng = np.random.default_rng(0)
    x = rng.random((height, width, 3)) * 40 + np.linspace(0, 200, height)[:, None, None]
    return Image.fromarray(x.astype(np.uint8))


def shaded_three(light: float = 235, dark: float = 150, ink: int = 60) -> Image.Image:
    """A 3 written with a pen on paper that is lit from one side."""
    paper = np.linspace(light, dark, 400)[None] * np.linspace(1, 0.8, 500)[:, None]
    sheet = Image.fromarray(paper.astype(np.uint8))
    pen = ImageDraw.Draw(sheet)
    pen.arc((120, 90, 280, 240), 180, 450, fill=ink, width=22)
    pen.arc((120, 230, 280, 400), 270, 540, fill=ink, width=22)
    return sheet


def gif_with(added: bytes) -> bytes:
    """A GIF with bytes added before its first frame."""
    gif = saved(Image.new("L", (20, 10), 7), "GIF")
    at = 13 + (3 << (gif[10] & 7) + 1)
    return gif[:at] + added + gif[at:]


def run_length_bmp(width: int, height: int, codes: bytes) -> bytes:
    """An 8-bit BMP under run-length coding, its palette one of greys."""
    palette = b"".join(bytes([i, i, i, 0]) for i in range(256))
    start = 14 + 40 + len(palette)
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(codes), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(codes), 0, 0, start) + header + palette + codes


def directory(count: int, size: int) -> bytes:
    """A directory of tags, each of which says that it holds `size` bytes from the start."""
    tags = b"".join(struct.pack("<HHII", tag, 7, size, 0) for tag in range(count))
    return (b"II*\0\x08\0\0\0" + struct.pack("<H", count) + tags).ljust(size, b"\0")

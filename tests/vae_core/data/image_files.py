"""Image files for tests, made by Pillow and by hand."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image


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

"""Facts about an image file that are read from its container without decoding: size, number of scans, metadata.

Decoders parse metadata and scans without a bound of their own. `structure` refuses what would hold one for long, and
`trimmed` cuts out the metadata that is larger than any picture needs.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from .untrusted import RefusedError

METADATA = 2**22
"""Bytes of metadata that are handed to a decoder, counted as large as they can become there. The rest is cut out."""
PARTS = 100_000
"""Segments, chunks or blocks of one file."""
WORK = 2**30
"""Pixels times scans of one JPEG."""
_TABLES = 2**18
"""Bytes of a JPEG's tables before its first scan."""
_RUN_LENGTH = 2**22
"""Bytes and pixels of a run-length coded BMP, which Pillow decodes in Python."""
_TEXT = 2**20
"""The most that Pillow unpacks of one compressed chunk of text, or of a profile."""

SUFFIXES = {
    "PNG": ("png", "apng"),
    "JPEG": ("jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp"),
    "WEBP": ("webp",),
    "BMP": ("bmp", "dib"),
    "GIF": ("gif",),
}
"""The formats that are read, and the usual endings of their files' names."""

STARTS = re.compile(
    rb"(?P<PNG>\x89PNG\r\n\x1a\n)|(?P<JPEG>\xff\xd8\xff)|(?P<WEBP>RIFF....WEBP)|(?P<BMP>BM)|(?P<GIF>GIF8[79]a)", re.DOTALL
)
"""Patterns that the first bytes of a file of each format match."""

_SHORTEST = {"WEBP": 25, "BMP": 26, "GIF": 13}
"""Bytes up to the end of the size of the picture, for formats whose files are not walked to their end."""


@dataclass
class Structure:
    """Facts about a picture that are known before it is decoded."""

    kind: str
    """A key of `SUFFIXES`."""
    width: int = 0
    height: int = 0
    bits: int = 8
    """Bits of one sample of a PNG."""
    pixel_bytes: int = 4
    """Bytes that a decoder holds at most for each pixel of the decoded picture."""
    coefficient_bytes: int = 0
    """Bytes that a decoder of a JPEG with several scans holds besides, whatever size it decodes to."""
    scans: int = 0
    """Scans of a JPEG."""
    metadata: list[tuple[int, int, int]] = field(default_factory=list)
    """Start, end and weight of each piece of metadata. The weight is how many bytes it can become in a decoder."""
    parts: int = 0

    def decoded_bytes(self, scale: int = 1) -> int:
        """Bytes that decoding takes. scale: by which a JPEG is decoded smaller."""
        # The address of each row, which Pillow keeps too, counts where rows are short.
        row = max(32, -(-self.width // scale) * self.pixel_bytes)
        return -(-self.height // scale) * row + self.coefficient_bytes

    def count(self) -> None:
        """Counts one part. Raises RefusedError where there are too many."""
        self.parts += 1
        if self.parts > PARTS:
            raise RefusedError(f"it consists of more than {PARTS:,} parts")

    def extra(self, start: int, stop: int, weight: int = 0) -> None:
        """Notes a piece of metadata."""
        self.metadata.append((start, stop, 64 + stop - start + weight))


def structure(content: bytes) -> Structure:
    """Reads the container of a file. Raises RefusedError where it is none of the formats, or would take too long to decode."""
    start = STARTS.match(content)
    if start is None:
        raise RefusedError("it is not a PNG, JPEG, WebP, BMP or GIF image")
    found = Structure(start.lastgroup or "")
    if len(content) < _SHORTEST.get(found.kind, 0):
        raise undecodable("it ends too early")
    _WALKS[found.kind](content, found)
    return found


def trimmed(content: bytes, found: Structure) -> bytes:
    """The file with its metadata as far as it fits into `METADATA`: what is too large is cut out, what is small stays."""
    left, pieces, at = METADATA, [], 0
    for start, stop, weight in found.metadata:
        if weight <= left:
            left -= weight
        else:
            pieces.append(content[at:start])
            at = stop
    if not pieces:
        return content
    out = b"".join([*pieces, content[at:]])
    if found.kind == "WEBP":
        size = _little(content, 4, 4) - (len(content) - len(out))
        out = out[:4] + size.to_bytes(4, "little") + out[8:]
    return out


def undecodable(reason: str) -> RefusedError:
    """The error for a file that no decoder can read, with the reason as a clause."""
    return RefusedError(f"it cannot be decoded: {reason}")


def _big(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(content[at : at + size], "big")


def _little(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(content[at : at + size], "little")


def _png(content: bytes, found: Structure) -> None:
    view, at, name = memoryview(content), 8, b""
    while name != b"IEND":
        found.count()
        name, size = content[at + 4 : at + 8], _big(content, at, 4)
        start, at = at, at + 12 + size
        if at > len(content):
            raise undecodable("it ends too early")
        if zlib.crc32(view[start + 4 : at - 4]) != _big(content, at - 4, 4):
            raise undecodable("it is damaged, as its checksums show")
        if name == b"IHDR":
            found.width, found.height = _big(content, start + 8, 4), _big(content, start + 12, 4)
            found.bits = _big(content, start + 16, 1)
        elif name[0] & 0x20 and name not in (b"tRNS", b"acTL", b"fcTL", b"fdAT"):
            packed = name in (b"zTXt", b"iTXt", b"iCCP")
            found.extra(start, at, min(1032 * size, _TEXT) if packed else 0)


_MARKER = re.compile(rb"\xff[^\x00\x01\xff\xd0-\xd7]", re.DOTALL)
"""A marker of a JPEG other than those inside a scan."""
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1, 0xC9), (0xC2, 0xCA)
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_METADATA_SEGMENTS = {*range(0xE0, 0xF0), 0xFE}


def _jpeg(content: bytes, found: Structure) -> None:
    at, frame, shape, several, tables, entries = 2, 0, b"", False, 0, 1
    while match := _MARKER.search(content, at):
        found.count()
        start, body, marker = match.start(), match.end() + 2, content[match.end() - 1]
        if start > at and not found.scans:  # Pillow reads bytes that belong to no segment one by one
            found.extra(at, start, 15 * (start - at))
        at = match.end()
        if marker == 0xD8:
            continue
        # Decoders go on behind a length that does not even count itself.
        size = max(2, _big(content, at, 2))
        if marker == 0xD9 or at + size > len(content):
            break
        at += size
        if marker == 0xDA:
            found.scans += 1
            if found.scans == 1:
                several = frame in _PROGRESSIVE or _big(content, body, 1) < len(shape) // 3
        elif found.scans:
            continue
        elif marker in _FRAMES:
            frame, shape = marker, content[body + 6 : at]
            found.height, found.width = _big(content, body + 1, 2), _big(content, body + 3, 2)
        elif marker in _METADATA_SEGMENTS:
            weight, entries = _directory_weight(content[body:at], entries)
            found.extra(start, at, weight)
        else:
            tables += at - start
    if tables > _TABLES:
        raise RefusedError(f"its tables have more than {_TABLES:,} bytes")
    if not found.scans or not frame:
        raise undecodable("it has no scan, or nothing that says its size")
    _check_frame(found, frame, shape, several)


def _check_frame(found: Structure, frame: int, shape: bytes, several: bool) -> None:
    """Raises RefusedError if the frame header of a JPEG is one that a decoder cannot take in bounded memory.

    shape: three bytes for each component, of which the second holds its sampling factors. several: whether it has scans of
    single components or bits, so that a decoder holds all coefficients.
    """
    if frame not in (*_SEQUENTIAL, *_PROGRESSIVE):
        raise RefusedError("it is a lossless or hierarchical JPEG, and those are not read")
    pixels = found.width * found.height
    if pixels * found.scans > WORK:
        raise RefusedError(
            f"it is a JPEG of {found.width}x{found.height} pixels in {found.scans:,} scans, which takes too long to decode"
        )
    factors = [(byte >> 4) * (byte & 15) for byte in shape[1::3]]
    if several:
        # 16 bits for each coefficient; a component has its share of them by its sampling factors.
        across, down = (max((part(byte) for byte in shape[1::3]), default=1) for part in (lambda b: b >> 4, lambda b: b & 15))
        found.coefficient_bytes = 2 * pixels * sum(factors) // max(1, across * down)


def _directory_weight(segment: bytes, entries: int) -> tuple[int, int]:
    """The number of bytes that Pillow can make of a segment's directory of tags, and the number of Exif tags so far.

    Each tag may hold as much as the whole segment. Pillow joins all segments of Exif.
    """
    start = next((len(name) for name in (b"Exif\0\0", b"MPF\0") if segment.startswith(name)), None)
    if start is None:
        return 0, entries
    tiff = segment[start:]
    order = "big" if tiff[:2] == b"MM" else "little"
    at = int.from_bytes(tiff[4:8], order)
    # A directory that lies beyond its segment may be in one that follows.
    count = int.from_bytes(tiff[at : at + 2], order) if at + 2 <= len(tiff) else 2**16
    entries = max(entries, count)
    return len(segment) * entries, entries


_CHUNKS_OF_PICTURES = (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")


def _webp(content: bytes, found: Structure) -> None:
    found.pixel_bytes = 16  # two canvases of libwebp, the bytes that it gives, and Pillow's picture
    end, at = min(len(content), 8 + _little(content, 4, 4)), 12
    while at + 8 <= end:
        found.count()
        name, size = content[at : at + 4], _little(content, at + 4, 4)
        start, at = at, at + 8 + size + size % 2
        if start == 12:
            found.width, found.height = _webp_size(name, content[20:30])
        elif name not in _CHUNKS_OF_PICTURES and at <= end:
            found.extra(start, at, size)


def _webp_size(name: bytes, head: bytes) -> tuple[int, int]:
    if name == b"VP8X":
        return 1 + _little(head, 4, 3), 1 + _little(head, 7, 3)
    if name == b"VP8L":
        bits = _little(head, 1, 4)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return _little(head, 6, 2) & 0x3FFF, _little(head, 8, 2) & 0x3FFF


_BLOCK = re.compile(rb"[!,;]")


def _gif(content: bytes, found: Structure) -> None:
    found.width, found.height = _little(content, 6, 2), _little(content, 8, 2)
    at = 13 + _colours(content, 10)
    while match := _BLOCK.search(content, at):
        found.count()
        start = match.start()
        if start > at:
            found.extra(at, start, 15 * (start - at))
        if match[0] == b",":  # the first frame, which may be larger than the screen
            left, top, width, height = (_little(content, start + i, 2) for i in (1, 3, 5, 7))
            found.width, found.height = max(found.width, left + width), max(found.height, top + height)
        if match[0] != b"!":
            return
        at, blocks = start + 2, 0
        while at < len(content) and content[at]:
            found.count()
            at, blocks = at + 1 + content[at], blocks + 1
        at += 1
        if content[start + 1 : start + 2] != b"\xf9":  # which says what is transparent
            found.extra(start, min(at, len(content)), 64 * blocks)


def _colours(content: bytes, at: int) -> int:
    """Bytes of the table of colours that the flags at a place tell of."""
    flags = _little(content, at, 1)
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _bmp(content: bytes, found: Structure) -> None:
    if _little(content, 14, 4) == 12:
        found.width, found.height, packing = _little(content, 18, 2), _little(content, 20, 2), 0
    else:
        found.width, found.height = _little(content, 18, 4), _little(content, 22, 4)
        if found.height >> 24 == 0xFF:  # a negative height: rows from the top
            found.height = 2**32 - found.height
        packing = _little(content, 30, 4)
    if packing in (1, 2) and max(len(content), found.width * found.height) > _RUN_LENGTH:
        raise RefusedError(f"it is a run-length coded BMP of more than {_RUN_LENGTH:,} bytes or pixels")


_WALKS: dict[str, Callable[[bytes, Structure], None]] = {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp, "BMP": _bmp, "GIF": _gif}

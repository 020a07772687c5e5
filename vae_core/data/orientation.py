"""The orientation of a photograph, from the metadata of its file."""

from __future__ import annotations

import re
from typing import Any, Literal

_ORIENTATION = 0x0112
_EXIF = b"Exif\0\0"
_BYTE_ORDERS: dict[bytes, Literal["little", "big"]] = {b"II": "little", b"MM": "big"}
_IN_XMP = re.compile(r'tiff:Orientation(?:="|>)([0-9])')


def orientation(info: dict[Any, Any]) -> int | None:
    """Exif's orientation, 1 to 8, from Pillow's `info` of a picture; None where there is none or it cannot be read.

    Exif is looked up first, then XMP, as by Pillow's `getexif`. That reads all tags of a directory, each of which may hold as
    many bytes as the whole of it; this one reads a single number.
    """
    found = _in_exif(_exif(info))
    if found is None:
        xmp = info.get("XML:com.adobe.xmp") or info.get("xmp") or ""
        match = _IN_XMP.search(xmp.decode("latin-1") if isinstance(xmp, bytes) else xmp)
        found = int(match[1]) if match else None
    return found if found in range(1, 9) else None


def _exif(info: dict[Any, Any]) -> bytes:
    """The bytes of Exif, which ImageMagick writes into PNG as lines of hexadecimal digits after three other lines."""
    exif, raw = info.get("exif"), info.get("Raw profile type exif")
    if exif is None and isinstance(raw, str):
        try:
            exif = bytes.fromhex("".join(raw.split("\n")[3:]))
        except ValueError:
            return b""
    return exif if isinstance(exif, bytes) else b""


def _in_exif(exif: bytes) -> int | None:
    """The orientation in the first directory of a TIFF header."""
    while exif.startswith(_EXIF):
        exif = exif[len(_EXIF) :]
    order = _BYTE_ORDERS.get(exif[:2])
    if order is None:
        return None

    def number(at: int, size: int) -> int:
        return int.from_bytes(exif[at : at + size], order)

    first = number(4, 4)
    for at in range(first + 2, min(first + 2 + 12 * number(first, 2), len(exif) - 11), 12):
        if number(at, 2) == _ORIENTATION:
            # A short or a long number, in the first bytes of the field.
            return number(at + 8, 2 if number(at + 2, 2) == 3 else 4)
    return None

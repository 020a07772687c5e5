"""Packs numbers and text for a component into one byte string, the only form in which Streamlit passes bytes on unchanged.

The format is "LXPK", version and header length (uint32, little-endian), the header as JSON, zeros up to a multiple of 16, and
the sections, each of which starts at a multiple of 16.
"""

from __future__ import annotations

import json
import struct
from typing import Any

MAGIC = b"LXPK"
VERSION = 1
ALIGNMENT = 16


def pack(fields: dict[str, Any], sections: dict[str, bytes]) -> bytes:
    """Packs the fields of a header, which are written as JSON, and named sections."""
    offsets: dict[str, list[int]] = {}
    body = bytearray()
    for name, section in sections.items():
        body.extend(bytes(-len(body) % ALIGNMENT))
        offsets[name] = [len(body), len(section)]
        body.extend(section)
    header = json.dumps({"about": fields, "sections": offsets}, separators=(",", ":")).encode()
    start = MAGIC + struct.pack("<II", VERSION, len(header)) + header
    return start + bytes(-len(start) % ALIGNMENT) + bytes(body)

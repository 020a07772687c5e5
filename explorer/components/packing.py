"""Numbers and text for a component as one byte string, the one form in which Streamlit hands bytes on untouched.

"LXPK", version and header length (uint32, little-endian), the header as JSON, zeros up to a multiple of 16, the sections,
each at a multiple of 16.
"""

from __future__ import annotations

import json
import struct
from typing import Any

MAGIC = b"LXPK"
VERSION = 1
ALIGNMENT = 16


def pack(about: dict[str, Any], sections: dict[str, bytes]) -> bytes:
    """`about` as JSON, and sections by name."""
    places: dict[str, list[int]] = {}
    body = bytearray()
    for name, section in sections.items():
        body.extend(bytes(-len(body) % ALIGNMENT))
        places[name] = [len(body), len(section)]
        body.extend(section)
    header = json.dumps({"about": about, "sections": places}, separators=(",", ":")).encode()
    start = MAGIC + struct.pack("<II", VERSION, len(header)) + header
    return start + bytes(-len(start) % ALIGNMENT) + bytes(body)

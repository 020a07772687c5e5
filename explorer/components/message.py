"""Numbers and text for a component as one byte string, the one form in which Streamlit hands bytes on untouched."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors.numpy import save


def message(about: dict[str, Any], tensors: Mapping[str, np.ndarray]) -> bytes:
    """`about` as JSON, and arrays of float32, float16, uint16, int32 or uint8 by name, as a safetensors file."""
    text = json.dumps(about, separators=(",", ":"))
    return save({name: np.ascontiguousarray(values) for name, values in tensors.items()}, {"about": text})


def read_about(content: bytes) -> dict[str, Any]:
    """`about` of a message."""
    (length,) = struct.unpack_from("<Q", content)
    return json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["about"])


def byte_tensor(content: bytes) -> np.ndarray:
    """Bytes, such as a network program, as an array."""
    return np.frombuffer(content, np.uint8)

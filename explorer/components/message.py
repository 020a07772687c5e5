"""Numbers and text for a component as one byte string, the one form in which Streamlit hands bytes on untouched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors.numpy import save


def message(about: dict[str, Any], tensors: Mapping[str, np.ndarray]) -> bytes:
    """`about` as JSON, and arrays of float32, float16, uint16, int32 or uint8 by name, as a safetensors file."""
    return save({name: np.ascontiguousarray(values) for name, values in tensors.items()}, {"about": json.dumps(about)})


def byte_tensor(content: bytes) -> np.ndarray:
    """Bytes, such as a network program, as an array."""
    return np.frombuffer(content, np.uint8)

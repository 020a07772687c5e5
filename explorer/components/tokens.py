"""The design tokens, for Python: one file that the theme, the charts and the components read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def tokens() -> dict[str, Any]:
    """The content of tokens.json: `space`, `radius`, `type`, `motion`, `classes` (light, dark), `amounts` (viridis), `terms`
    (loss, distortion, rate), `models` (colour, marker)."""
    return json.loads(Path(__file__).with_name("tokens.json").read_text(encoding="utf-8"))

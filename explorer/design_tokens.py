"""The design tokens: one JSON file that charts, components and canvases read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def design_tokens() -> dict[str, Any]:
    """The content of design_tokens.json.

    Its keys are `space`, `radius`, `type`, `motion`, `classes` (colours for the light and the dark theme), `amounts` (viridis),
    `terms` (the colour of each term of the loss) and `models` (colour and marker of each kind).
    """
    return json.loads(Path(__file__).with_name("design_tokens.json").read_text(encoding="utf-8"))

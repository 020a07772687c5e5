"""Copies the address, keeps the browser's history to one entry a page, and turns presentation mode on and off (key P)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from explorer.components.assets import draw


def shell(query: Mapping[str, str], key: str) -> None:
    """Draws the two buttons; presentation mode hides all but the page's own content. An address without a query gets this."""
    draw(Path(__file__).parent, "shell", urlencode(query).encode(), key)

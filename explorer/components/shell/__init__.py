"""Copies the address and turns presentation mode on and off (key P)."""

from __future__ import annotations

from pathlib import Path

from explorer.components.assets import draw


def shell(key: str) -> None:
    """Draws the two buttons; presentation mode hides all but the page's own content."""
    draw(Path(__file__).parent, "shell", b"", key)

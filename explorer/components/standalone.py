"""Writes a component as one HTML file that opens from disk, without a server or a network."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from explorer.components.assets import assets

TEMPLATE = Path(__file__).with_name("standalone.html")


def standalone(folder: Path, name: str, data: bytes, title: str, about: str) -> str:
    """The text of an HTML file with the component in `folder`, whose files are called `name`, and its data inside.

    `title` and `about` are plain text.
    """
    html, css, js = assets(folder, name, "const mount =")
    parts = {
        "title": escape(title),
        "about": escape(about),
        "html": html,
        "css": css,
        "js": js,
        "data": base64.b64encode(data).decode(),
    }
    page = TEMPLATE.read_text(encoding="utf-8")
    # The template is split before parts are inserted, so that no text within a part is taken for a placeholder.
    segments = page.split("%%")
    return "".join(parts[segment] if i % 2 else segment for i, segment in enumerate(segments))

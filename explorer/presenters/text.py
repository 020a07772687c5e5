"""Texts in cells of a page."""

from __future__ import annotations

from html import escape

STYLE = """
<style>
.text { display: block; padding: 8px 2px; text-align: center; font-size: 16px; font-weight: 600; overflow-wrap: anywhere; }
.text.empty { opacity: 0.72; font-weight: 400; font-style: italic; }
.subordinate .text { font-size: 13px; padding: 2px; }
</style>
"""


def text_cell(text: str) -> str:
    """A text as HTML, literally; an empty one is called so."""
    return f'<span class="text">{escape(text)}</span>' if text else '<span class="text empty">no letters</span>'

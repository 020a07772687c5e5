"""Rows of images in common columns, each row with a title: originals, reconstructions, samples, paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from explorer.design_tokens import design_tokens
from explorer.presenters import text
from explorer.presenters.image_files import data_uri

MARKER_SYMBOLS = {
    "circle": "●",
    "square": "■",
    "diamond": "◆",
    "triangle": "▲",
    "pentagon": "⬟",
    "star": "★",
    "hexagon": "⬢",
    "cross": "✚",
}


@dataclass(frozen=True)
class ImageRow:
    """A title and a row of images or texts."""

    title: str
    images: Sequence[np.ndarray | str | None]
    """Images (C, H, W), uint8 or float in [0, 1], or texts; None leaves a cell empty."""
    note: str = ""
    """A short note under the title."""
    colour: str = ""
    marker: str = ""
    subordinate: bool = False
    """True if the row belongs to the row above and is drawn smaller, such as a row of error maps."""
    captions: Sequence[str] = ()
    """The caption of each image; empty for no captions."""


STYLE = """
<style>
.rows { display: grid; gap: 8px; align-items: center; overflow-x: auto; font-size: 13px; font-variant-numeric: tabular-nums; }
.rows .head { position: sticky; left: 0; z-index: 1; min-width: 0; line-height: 1.3; }
.rows .head b { font-weight: 600; }
.rows .head small { display: block; opacity: 0.72; font-size: 13px; }
.rows figure { margin: 0; min-width: 0; }
.rows img { display: block; width: 100%; border-radius: 4px; image-rendering: pixelated; }
.rows.smooth img { image-rendering: auto; }
.rows .subordinate img { width: 72%; margin: 0 auto 8px; }
.rows figcaption { text-align: center; opacity: 0.72; line-height: 1.4; }
@media (max-width: 640px) {
  .rows .head { grid-column: 1 / -1; margin-top: 8px; }
  .rows .subordinate img { width: 100%; }
}
</style>
"""


def image_rows(rows: Sequence[ImageRow], *, smooth: bool = False) -> None:
    """Draws rows of images. On a narrow screen the title of each row is above it."""
    columns = max(len(row.images) for row in rows)
    cells = []
    for row in rows:
        colour = f' style="color:{escape(row.colour)}"' if row.colour else ""
        symbol = f"<span{colour} aria-hidden=true>{MARKER_SYMBOLS[row.marker]}</span> " if row.marker else ""
        note = f"<small>{escape(row.note)}</small>" if row.note else ""
        title = "" if row.subordinate else f"<b>{escape(row.title)}</b>"
        cells.append(f'<div class="head">{symbol}{title}{note}</div>')
        for i in range(columns):
            image = row.images[i] if i < len(row.images) else None
            cells.append("<span></span>" if image is None else _cell(row, i, image))
    classes = "rows smooth" if smooth else "rows"
    template = f"grid-template-columns: minmax(96px, 168px) repeat({columns}, minmax(28px, 112px))"
    narrow = f".rows.of{columns} {{ grid-template-columns: repeat({columns}, 1fr) !important; }}"
    style = f"{STYLE}{text.STYLE}<style>@media (max-width: 640px) {{ {narrow} }}</style>"
    # With a tab index the keyboard can scroll rows that are wider than the screen.
    frame = f'class="{classes} of{columns}" role="region" aria-label="Images" tabindex="0" style="{template}"'
    st.html(f"{style}<div {frame}>{''.join(cells)}</div>")


def _cell(row: ImageRow, i: int, image: np.ndarray | str) -> str:
    caption = f"<figcaption>{escape(row.captions[i])}</figcaption>" if row.captions else ""
    kind = ' class="subordinate"' if row.subordinate else ""
    if isinstance(image, str):
        return f"<figure{kind}>{text.text_cell(image)}{caption}</figure>"
    return f'<figure{kind}><img src="{data_uri(image)}" alt="{escape(row.title)}, {i + 1}">{caption}</figure>'


def scale_bar(low: str, high: str, name: str) -> None:
    """Draws a colour scale with its ends and its name."""
    colours = ", ".join(design_tokens()["amounts"])
    bar = f"display:inline-block;width:160px;height:10px;border-radius:5px;background:linear-gradient(to right, {colours})"
    st.html(f'<p style="font-size:13px;margin:0">{escape(low)} <i style="{bar}"></i> {escape(high)} &nbsp; {escape(name)}</p>')

"""Rows of images with the same columns, each with a head: originals, reconstructions, samples, paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from explorer.components.pictures import data_uri
from explorer.components.tokens import tokens

MARKS = {"circle": "●", "square": "■", "diamond": "◆", "triangle": "▲"}


@dataclass(frozen=True)
class Row:
    """A head, and images under each other's columns."""

    title: str
    images: Sequence[np.ndarray | None]
    """(C, H, W), uint8 or float in [0, 1]; None leaves the place empty."""
    note: str = ""
    """A few words under the title."""
    colour: str = ""
    marker: str = ""
    quiet: bool = False
    """Belongs to the row above, and is drawn smaller (an error map)."""
    captions: Sequence[str] = ()
    """Of each image."""


STYLE = """
<style>
.rows { display: grid; gap: 8px; align-items: center; overflow-x: auto; font-size: 13px; font-variant-numeric: tabular-nums; }
.rows .head { position: sticky; left: 0; z-index: 1; min-width: 0; line-height: 1.3; }
.rows .head b { font-weight: 600; }
.rows .head small { display: block; opacity: 0.72; font-size: 13px; }
.rows figure { margin: 0; min-width: 0; }
.rows img { display: block; width: 100%; border-radius: 4px; image-rendering: pixelated; }
.rows.smooth img { image-rendering: auto; }
.rows .quiet img { width: 72%; margin: 0 auto 8px; }
.rows figcaption { text-align: center; opacity: 0.72; line-height: 1.4; }
@media (max-width: 640px) {
  .rows .head { grid-column: 1 / -1; margin-top: 8px; }
  .rows .quiet img { width: 100%; }
}
</style>
"""


def rows(given: Sequence[Row], *, smooth: bool = False) -> None:
    """Draws rows of images. On a narrow screen each head stands above its row."""
    columns = max(len(row.images) for row in given)
    cells = []
    for row in given:
        colour = f' style="color:{escape(row.colour)}"' if row.colour else ""
        mark = f"<span{colour} aria-hidden=true>{MARKS[row.marker]}</span> " if row.marker else ""
        note = f"<small>{escape(row.note)}</small>" if row.note else ""
        title = "" if row.quiet else f"<b>{escape(row.title)}</b>"
        cells.append(f'<div class="head">{mark}{title}{note}</div>')
        for i in range(columns):
            there = i < len(row.images) and row.images[i] is not None
            cells.append(_cell(row, i) if there else "<span></span>")
    kind = "rows smooth" if smooth else "rows"
    template = f"grid-template-columns: minmax(96px, 168px) repeat({columns}, minmax(28px, 112px))"
    narrow = f".rows.of{columns} {{ grid-template-columns: repeat({columns}, 1fr) !important; }}"
    style = f"{STYLE}<style>@media (max-width: 640px) {{ {narrow} }}</style>"
    # Where they are wider than the screen, the keyboard scrolls them too.
    frame = f'class="{kind} of{columns}" role="region" aria-label="Images" tabindex="0" style="{template}"'
    st.html(f"{style}<div {frame}>{''.join(cells)}</div>")


def _cell(row: Row, i: int) -> str:
    caption = f"<figcaption>{escape(row.captions[i])}</figcaption>" if row.captions else ""
    kind = ' class="quiet"' if row.quiet else ""
    return f'<figure{kind}><img src="{data_uri(row.images[i])}" alt="{escape(row.title)}, {i + 1}">{caption}</figure>'


def scale_bar(low: str, high: str, name: str) -> None:
    """The colours of an amount, from low to high."""
    colours = ", ".join(tokens()["amounts"])
    bar = f"display:inline-block;width:160px;height:10px;border-radius:5px;background:linear-gradient(to right, {colours})"
    st.html(f'<p style="font-size:13px;margin:0">{escape(low)} <i style="{bar}"></i> {escape(high)} &nbsp; {escape(name)}</p>')

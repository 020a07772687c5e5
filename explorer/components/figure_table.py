"""A table of figures: one row a model, the better values marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

STYLE = """
<style>
.figures { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
.figures-frame { overflow-x: auto; }
.figures th, .figures td { padding: 6px 12px; text-align: right; white-space: nowrap; }
.figures tr > * { border-bottom: 1px solid rgb(128 128 128 / 28%); }
.figures th:first-child, .figures td:first-child { text-align: left; padding-left: 0; }
.figures thead th { font-weight: 600; vertical-align: bottom; }
.figures thead small { display: block; font-weight: 400; opacity: 0.72; font-size: 13px; }
.figures abbr { text-decoration: underline dotted; text-underline-offset: 3px; cursor: help; }
.figures .best { font-weight: 700; }
.figures .best::after { content: " ✓"; }
</style>
"""


@dataclass(frozen=True)
class Column:
    title: str
    unit: str
    about: str


@dataclass(frozen=True)
class Line:
    title: str
    mark: str
    colour: str
    cells: Sequence[str]
    best: Sequence[bool]


def figure_table(columns: Sequence[Column], lines: Sequence[Line]) -> None:
    """Draws the table; a column's `about` is shown where the pointer rests on its head."""
    head = "".join(map(_head, columns))
    body = "".join(_line(line) for line in lines)
    table = f'<table class="figures"><thead><tr><th scope="col">Model</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    # Where it is wider than the screen, the keyboard scrolls it too.
    st.html(f'{STYLE}<div class="figures-frame" role="region" aria-label="Figures" tabindex="0">{table}</div>')


def _head(column: Column) -> str:
    name = f'<abbr title="{escape(column.about)}">{escape(column.title)}</abbr>'
    return f'<th scope="col">{name}<small>{escape(column.unit) or "&nbsp;"}</small></th>'


def _line(line: Line) -> str:
    cells = "".join(
        f"<td{' class=best' if best else ''}>{escape(cell)}</td>" for cell, best in zip(line.cells, line.best, strict=True)
    )
    mark = f'<span style="color:{escape(line.colour)}" aria-hidden=true>{escape(line.mark)}</span>'
    return f'<tr><th scope="row">{mark} {escape(line.title)}</th>{cells}</tr>'

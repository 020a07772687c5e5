"""A table of metrics with one row for each model. The best values are marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from vae_core.metrics.table import Metric

STYLE = """
<style>
.metrics { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
.metrics-frame { overflow-x: auto; }
.metrics th, .metrics td { padding: 6px 12px; text-align: right; white-space: nowrap; }
.metrics tr > * { border-bottom: 1px solid rgb(128 128 128 / 28%); }
.metrics th:first-child, .metrics td:first-child { text-align: left; padding-left: 0; }
.metrics thead th { font-weight: 600; vertical-align: bottom; }
.metrics thead small { display: block; font-weight: 400; opacity: 0.72; font-size: 13px; }
.metrics abbr { text-decoration: underline dotted; text-underline-offset: 3px; cursor: help; }
.metrics .best { font-weight: 700; }
.metrics .best::after { content: " ✓"; }
</style>
"""


@dataclass(frozen=True)
class MetricRow:
    """The values of one model."""

    title: str
    symbol: str
    """The model's marker, in its colour."""
    colour: str
    cells: Sequence[str]
    best: Sequence[bool]
    """For each cell, True if it has the best value of its column."""


def metric_table(metrics: Sequence[Metric], rows: Sequence[MetricRow]) -> None:
    """Draws the table, with a column for each metric. What a metric is about is shown as a tooltip of its head."""
    head = "".join(map(_head, metrics))
    body = "".join(_row(row) for row in rows)
    table = f'<table class="metrics"><thead><tr><th scope="col">Model</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    # With a tab index the keyboard can scroll a table that is wider than the screen.
    st.html(f'{STYLE}<div class="metrics-frame" role="region" aria-label="Metrics" tabindex="0">{table}</div>')


def _head(metric: Metric) -> str:
    name = f'<abbr title="{escape(metric.about)}">{escape(metric.title)}</abbr>'
    return f'<th scope="col">{name}<small>{escape(metric.shown_unit) or "&nbsp;"}</small></th>'


def _row(row: MetricRow) -> str:
    cells = "".join(
        f"<td{' class=best' if best else ''}>{escape(cell)}</td>" for cell, best in zip(row.cells, row.best, strict=True)
    )
    symbol = f'<span style="color:{escape(row.colour)}" aria-hidden=true>{escape(row.symbol)}</span>'
    return f'<tr><th scope="row">{symbol} {escape(row.title)}</th>{cells}</tr>'

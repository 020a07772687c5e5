"""A chart of a run's loss and its terms over its steps: training as a line, validation as markers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import plotly.graph_objects as go
import streamlit as st

from explorer.design_tokens import design_tokens

if TYPE_CHECKING:
    from vae_core.metrics.table import Metric


@dataclass(frozen=True)
class Trace:
    """The values of one term."""

    term: Metric
    steps: Sequence[int]
    values: Sequence[float | None]
    """Training values, as means over images or batches; None leaves a gap in the line."""
    validation_steps: Sequence[int]
    validation: Sequence[float | None]
    """Validation values, as means over images or batches; None leaves a gap in the line."""

    @property
    def has_logarithm(self) -> bool:
        """True if all values are above 0. A density may give a loss below 0, and an estimate of a discrepancy may."""
        return all(value > 0 for value in (*self.values, *self.validation) if value is not None)


def loss_chart(
    traces: Sequence[Trace], key: str, *, steps: int = 0, log: bool = False, height: int = 280, per_row: int = 3
) -> None:
    """Draws one panel for each term, over the steps of the run.

    Each term has an axis of its own, because terms differ in their units and by orders of magnitude. With `log`, the axis of
    a term whose values are all above 0 is logarithmic. At most `per_row` panels stand side by side.
    """
    for first in range(0, len(traces), per_row):
        row = traces[first : first + per_row]
        for column, trace in zip(st.columns(min(len(traces), per_row))[: len(row)], row, strict=True):
            figure = _panel(trace, steps, log and trace.has_logarithm)
            figure.update_layout(height=height, uirevision=key)
            column.plotly_chart(figure, key=f"{key}-{trace.term.name}", config={"displayModeBar": False})


def _panel(trace: Trace, steps: int, log: bool) -> go.Figure:
    term, colours = trace.term, design_tokens()["terms"]
    colour = colours.get(term.name, colours["other"])
    # Plotly interprets some HTML in labels, and a term may be called anything.
    title = escape(term.title, quote=False)
    unit = f"{term.shown_unit} per image" if term.shown_unit else title
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(x=trace.steps, y=trace.values, mode="lines", name="training", line={"width": 1.5, "color": colour})
    )
    figure.add_trace(
        go.Scatter(
            x=trace.validation_steps,
            y=trace.validation,
            mode="lines+markers",
            name="validation",
            line={"width": 1, "dash": "dot", "color": colour},
            marker={"size": 8, "symbol": "circle-open", "color": colour},
        )
    )
    figure.update_traces(hovertemplate=f"step %{{x}}: %{{y:.{term.decimals}f}} {term.shown_unit}")
    figure.update_layout(
        title={"text": title, "font": {"size": 14}, "x": 0, "xref": "container"},
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": "Step", "range": [0, 1.03 * steps] if steps else None, "zeroline": False},
        yaxis={"title": unit, "type": "log" if log else "linear", "zeroline": False, "exponentformat": "power"},
    )
    return figure

"""A chart of a run's loss terms over its steps: training as a line, validation as markers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from explorer.design_tokens import design_tokens


@dataclass(frozen=True)
class Trace:
    """The values of one loss term."""

    title: str
    steps: Sequence[int]
    values: Sequence[float | None]
    """Training values, in nats per image; None leaves a gap in the line."""
    validation_steps: Sequence[int]
    validation: Sequence[float | None]
    """Validation values, in nats per image; None leaves a gap in the line."""


def loss_chart(traces: Sequence[Trace], key: str, *, steps: int = 0, log: bool = False, height: int = 280) -> None:
    """Draws one panel for each term, over the steps of the run."""
    colours = design_tokens()["terms"]
    for column, trace, colour in zip(st.columns(len(traces)), traces, colours, strict=False):
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
        figure.update_traces(hovertemplate="step %{x}: %{y:.2f} nats")
        figure.update_layout(
            title={"text": trace.title, "font": {"size": 14}, "x": 0, "xref": "container"},
            height=height,
            margin={"l": 8, "r": 8, "t": 36, "b": 8},
            legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
            xaxis={"title": "Step", "range": [0, 1.03 * steps] if steps else None, "zeroline": False},
            yaxis={"title": "nats per image", "type": "log" if log else "linear", "zeroline": False},
            uirevision=key,
        )
        column.plotly_chart(figure, key=f"{key}-{trace.title}", config={"displayModeBar": False})

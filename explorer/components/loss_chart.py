"""What a run's terms come to, step by step: training as a line, validation as marks on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from explorer.components.tokens import tokens


@dataclass(frozen=True)
class Trace:
    """One term."""

    title: str
    steps: Sequence[int]
    values: Sequence[float]
    """Nats an image."""
    validation_steps: Sequence[int]
    validation: Sequence[float]


def loss_chart(traces: Sequence[Trace], key: str, *, steps: int = 0, log: bool = False, height: int = 280) -> None:
    """One panel for each term, over the steps of the run."""
    colours = tokens()["terms"]
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
            yaxis={"title": "nats an image", "type": "log" if log else "linear", "zeroline": False},
            uirevision=key,
        )
        column.plotly_chart(figure, key=f"{key}-{trace.title}", config={"displayModeBar": False})

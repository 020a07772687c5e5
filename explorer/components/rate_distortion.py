"""Rate against distortion: where models trade what a code tells against how well it rebuilds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go
import streamlit as st

SYMBOLS = {"circle": "circle", "square": "square", "diamond": "diamond", "triangle": "triangle-up"}
MARGIN = 0.12
LINES = 6


@dataclass(frozen=True)
class Spot:
    """A model on the plot, in nats."""

    title: str
    rate: float
    distortion: float
    colour: str
    marker: str
    strong: bool
    """One of those being compared."""


def rate_distortion(spots: Sequence[Spot], key: str) -> None:
    """Draws the plot, with lines on which rate + distortion, the negative ELBO, is the same."""
    rates, distortions = (np.array([getattr(spot, name) for spot in spots]) for name in ("rate", "distortion"))
    across, up = _range(rates), _range(distortions)
    figure = go.Figure()
    for total in _levels(across, up):
        figure.add_trace(
            go.Scatter(
                x=across,
                y=[total - rate for rate in across],
                mode="lines",
                line={"width": 1, "dash": "dot", "color": "rgba(128,128,128,0.55)"},
                hovertemplate=f"negative ELBO {total:g} nats<extra></extra>",
                showlegend=False,
            )
        )
    for spot in spots:
        # Plotly takes some HTML for what it says.
        title = escape(spot.title, quote=False)
        figure.add_trace(
            go.Scatter(
                x=[spot.rate],
                y=[spot.distortion],
                mode="markers+text",
                text=[title],
                textposition="middle right",
                marker={
                    "size": 14 if spot.strong else 10,
                    "symbol": SYMBOLS[spot.marker] + ("" if spot.strong else "-open"),
                    "color": spot.colour,
                },
                hovertemplate=f"%{{text}}<br>rate {spot.rate:.2f} nats<br>distortion {spot.distortion:.2f} nats"
                f"<br>negative ELBO {spot.rate + spot.distortion:.2f} nats<extra></extra>",
                cliponaxis=False,
            )
        )
    figure.update_layout(
        height=420,
        margin={"l": 8, "r": 96, "t": 16, "b": 8},
        showlegend=False,
        xaxis={"title": "Rate (nats)", "range": across, "zeroline": False},
        yaxis={"title": "Distortion (nats)", "range": up, "zeroline": False},
    )
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})


def _range(values: np.ndarray) -> list[float]:
    reach = max(float(np.ptp(values)), 0.05 * float(np.abs(values).max()), 1.0)
    return [float(values.min()) - MARGIN * reach, float(values.max()) + MARGIN * reach]


def _levels(across: list[float], up: list[float]) -> list[float]:
    low, high = across[0] + up[0], across[1] + up[1]
    step = 10 ** np.floor(np.log10((high - low) / LINES))
    step = next(step * factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= LINES)
    return [float(total) for total in np.arange(np.ceil(low / step) * step, high, step)]

"""A plot of rate against distortion: how much a code says about an image, and how well the image is reconstructed from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go
import streamlit as st

SYMBOLS = {
    "circle": "circle",
    "square": "square",
    "diamond": "diamond",
    "triangle": "triangle-up",
    "pentagon": "pentagon",
    "star": "star",
    "hexagon": "hexagon",
    "cross": "cross",
}
MARGIN = 0.12
MAX_LINES = 6


@dataclass(frozen=True)
class PlottedModel:
    """One model on the plot, with its rate and distortion in nats."""

    title: str
    rate: float
    distortion: float
    colour: str
    marker: str
    compared: bool
    """True if the model is one of those being compared, which are drawn filled."""


def rate_distortion(models: Sequence[PlottedModel], key: str) -> None:
    """Draws the plot, with lines of equal negative ELBO, which is rate + distortion."""
    rates, distortions = (np.array([getattr(model, name) for model in models]) for name in ("rate", "distortion"))
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
    for model in models:
        # Plotly interprets some HTML in labels.
        title = escape(model.title, quote=False)
        figure.add_trace(
            go.Scatter(
                x=[model.rate],
                y=[model.distortion],
                mode="markers+text",
                text=[title],
                textposition="middle right",
                marker={
                    "size": 14 if model.compared else 10,
                    "symbol": SYMBOLS[model.marker] + ("" if model.compared else "-open"),
                    "color": model.colour,
                },
                hovertemplate=f"%{{text}}<br>rate {model.rate:.2f} nats<br>distortion {model.distortion:.2f} nats"
                f"<br>negative ELBO {model.rate + model.distortion:.2f} nats<extra></extra>",
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
    step = 10 ** np.floor(np.log10((high - low) / MAX_LINES))
    step = next(step * factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= MAX_LINES)
    return [float(total) for total in np.arange(np.ceil(low / step) * step, high, step)]

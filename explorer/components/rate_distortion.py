"""A plot of rate against distortion: how much a code says about an image, and how well the image is reconstructed from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
import streamlit as st

if TYPE_CHECKING:
    from vae_core.metrics.table import Metric

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


def rate_distortion(models: Sequence[PlottedModel], metrics: Sequence[Metric], key: str) -> None:
    """Draws the plot, with lines of equal negative ELBO, which is rate + distortion.

    `metrics` describe the rate, the distortion and the negative ELBO.
    """
    rate, distortion, elbo = metrics
    rates, distortions = (np.array([getattr(model, name) for model in models]) for name in ("rate", "distortion"))
    across, up = _range(rates), _range(distortions)
    figure = go.Figure()
    for total in _levels(across, up):
        figure.add_trace(
            go.Scatter(
                x=across,
                y=[total - x for x in across],
                mode="lines",
                line={"width": 1, "dash": "dot", "color": "rgba(128,128,128,0.55)"},
                hovertemplate=f"{elbo.axis}: {total:g}<extra></extra>",
                showlegend=False,
            )
        )
    for model in models:
        # Plotly interprets some HTML in labels.
        title = escape(model.title, quote=False)
        values = (model.rate, model.distortion, model.rate + model.distortion)
        lines = [f"{metric.axis}: {value:.{metric.decimals}f}" for metric, value in zip(metrics, values, strict=True)]
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
                hovertemplate="<br>".join(["%{text}", *lines]) + "<extra></extra>",
                cliponaxis=False,
            )
        )
    figure.update_layout(
        height=420,
        margin={"l": 8, "r": 96, "t": 16, "b": 8},
        showlegend=False,
        xaxis={"title": rate.axis, "range": across, "zeroline": False},
        yaxis={"title": distortion.axis, "range": up, "zeroline": False},
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

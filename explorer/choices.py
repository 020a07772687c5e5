"""Choices that the views, the command line and the browser components share."""

from __future__ import annotations

from typing import Literal, get_args

OVERLAYS = ("none", "density", "prior", "error", "change")
"""The overlays of the latent pad's plane; the first is the default."""
DISPLAY_MODES = ("mean", "sample", "spread")
"""The ways in which the latent pad shows a code: its mean image, a sample of p(x|z), or how much the image varies over the
posterior. The first is the default."""
Marker = Literal["circle", "square", "diamond", "triangle", "pentagon", "star", "hexagon", "cross"]
MARKERS = get_args(Marker)
"""The shapes that mark a model."""
DecoderLocation = Literal["auto", "page", "worker", "server"]
DECODER_LOCATIONS = ("auto", "page", "worker", "server")
"""Where images can be decoded: on the page's own thread, in a web worker of the page, or on the server. `auto` uses the worker
for models that are slow, and the server for those that a page cannot run or that are too heavy for it."""

"""Errors of pixels as colours."""

from __future__ import annotations

import numpy as np

from explorer.design_tokens import design_tokens
from explorer.presenters.error_maps import error_maps, error_scale, viridis


def test_viridis_passes_through_the_colours_of_the_design_tokens():
    anchors = design_tokens()["amounts"]
    found = np.round(255 * viridis(np.array([[-1.0, 0.0, 0.5, 1.0, 7.0]])))[:, 0].T.astype(int)
    shown = ["#{:02x}{:02x}{:02x}".format(*colour) for colour in found]
    assert shown == [anchors[0], anchors[0], anchors[4], anchors[8], anchors[8]]


def test_viridis_gets_lighter():
    light = viridis(np.linspace(0, 1, 50)[None]).transpose(1, 2, 0)[0] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) > 0).all()


def test_a_scale_leaves_out_the_largest_half_percent() -> None:
    errors = np.concatenate([np.full((1, 1, 996), 0.25), np.full((1, 1, 4), 1.0)], -1)
    assert error_scale(errors) == 0.25
    (colours,) = error_maps(errors, 0.25)
    np.testing.assert_allclose(colours[:, 0, 0], viridis(np.ones((1, 1)))[:, 0, 0])

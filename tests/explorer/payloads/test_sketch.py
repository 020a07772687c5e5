"""The sheet to draw on is as the models' images are, and carries their encoders and decoders."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.components.message import read_about
from explorer.payloads.sketch import background, sketch_payload
from explorer.services import datasets, models
from vae_core.checkpoint import registry
from vae_core.export import ExportError, decoder_program, encoder_program
from vae_core.export.operations import OPERATIONS


def test_encoders_and_decoders_travel(put):
    put("m")
    put("n", "ae")
    payload, left_out = sketch_payload([models.registry().card(name) for name in ("m", "n")])
    assert left_out == ()
    for name in ("m", "n"):
        model = registry.load(name).model
        assert encoder_program(model).to_bytes() in payload and decoder_program(model).to_bytes() in payload
    about = read_about(payload)
    assert [model["name"] for model in about["models"]] == ["m", "n"] and about["image"] == [1, 8, 8]


@pytest.mark.parametrize("colour", [(0,), (255,), (10, 200, 30)])
def test_the_paper_has_the_colour_of_the_images_borders(colour):
    x = np.random.default_rng(0).integers(0, 256, (20, len(colour), 9, 9), np.uint8)
    for channel, value in enumerate(colour):
        for edge in (np.s_[:, channel, 0], np.s_[:, channel, -1], np.s_[:, channel, :, 0], np.s_[:, channel, :, -1]):
            x[edge] = value
    assert background(x) == (colour * 3 if len(colour) == 1 else colour)


def test_digits_are_drawn_light_on_dark_and_put_about_their_middle(put, monkeypatch):
    put("m", data="digits-like")
    x = np.zeros((50, 1, 8, 8), np.uint8)
    x[:, :, 2:6, 3:5] = 255
    monkeypatch.setattr(datasets, "originals", lambda card: x)
    payload, _ = sketch_payload([models.registry().card("m")])
    about = read_about(payload)
    assert about["framing"]["frame"] == "centre" and about["background"] == [0, 0, 0]


def test_models_that_a_page_cannot_run_are_left_out(put, monkeypatch):
    put("m")
    put("n", "ae")
    cards, known = models.registry(), OPERATIONS["linear"]
    n = registry.load("n").model
    whole = encoder_program(n).to_bytes()
    unknown = {tuple(value.shape) for value in n.parameters()} - {tuple(p.shape) for p in registry.load("m").model.parameters()}
    assert unknown

    def linear(call, x, weight, bias):
        if tuple(weight.shape) in unknown:
            raise ExportError("has an unknown shape")
        return known(call, x, weight, bias)

    monkeypatch.setitem(OPERATIONS, "linear", linear)
    payload, left_out = sketch_payload([cards.card("m"), cards.card("n")])
    assert left_out == (cards.card("n").title,) and whole not in payload
    monkeypatch.delitem(OPERATIONS, "relu")
    assert sketch_payload([cards.card("n")]) == (None, (cards.card("n").title,))

"""The sheet to draw on is as the models' images are, and carries their encoders and decoders."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from torch import nn

from explorer.payloads.sketch import background, sketch_payload
from explorer.services import datasets, models
from vae_core import library
from vae_core.export import ExportError, decoder_program, encoder_program
from vae_core.export.lower import LAYERS


def test_encoders_and_decoders_travel(put):
    put("m")
    put("n", "ae")
    payload, left_out = sketch_payload([models.registry().card(name) for name in ("m", "n")])
    assert left_out == ()
    for name in ("m", "n"):
        model = library.load(name).model
        assert encoder_program(model).to_bytes() in payload and decoder_program(model).to_bytes() in payload
    (length,) = struct.unpack_from("<I", payload, 8)
    about = json.loads(payload[12 : 12 + length])["about"]
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
    monkeypatch.setattr(datasets, "originals", lambda data, fingerprint: x)
    payload, _ = sketch_payload([models.registry().card("m")])
    assert b'"frame":"centre"' in payload and b'"background":[0,0,0]' in payload


def test_models_that_a_page_cannot_run_are_left_out(put, monkeypatch):
    put("m")
    put("n", "ae")
    registry, known = models.registry(), LAYERS[nn.ReLU]
    whole = library.load("n").model

    def relu(graph, module, x, where):
        if any(module is layer for layer in models.load("n").model.modules()):
            raise ExportError("an unknown layer")
        return known(graph, module, x, where)

    monkeypatch.setitem(LAYERS, nn.ReLU, relu)
    payload, left_out = sketch_payload([registry.card("m"), registry.card("n")])
    assert left_out == (registry.card("n").title,) and encoder_program(whole).to_bytes() not in payload
    monkeypatch.delitem(LAYERS, nn.ReLU)
    assert sketch_payload([registry.card("n")]) == (None, (registry.card("n").title,))

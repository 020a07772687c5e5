"""What the map is given: points, amounts, what is chosen; and a person's own images, which stay in no cache."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
import torch

from explorer.payloads.point_map import map_payload
from explorer.services import models, projections
from explorer.services.uploads import UploadCodes
from explorer.services.view import View


@pytest.fixture
def card(put):
    put("m", latent=3, mse=torch.linspace(0, 1, 50))
    return models.registry().card("m")


def about(payload: bytes) -> dict:
    (length,) = struct.unpack_from("<I", payload, 8)
    return json.loads(payload[12 : 12 + length])["about"]


def payload(card, probes=None, **seen) -> bytes:
    found = projections.find(card, "pca", {})
    start = View("mnist", ("m",), "m", **seen)
    return map_payload(card, found, start, *([probes] if probes else []))


def test_what_a_view_says_is_chosen(card):
    square = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0))
    assert about(payload(card))["selection"] is None
    assert about(payload(card, picked=7))["selection"] == {"image": 7}
    assert about(payload(card, picked=50))["selection"] is None
    assert about(payload(card, lasso=square))["selection"] == {"polygon": [list(corner) for corner in square]}
    assert about(payload(card, colour=0))["colour"] == 0 and about(payload(card, colour=5))["colour"] == -1


def test_amounts_are_those_that_are_known(card):
    (error,) = about(payload(card))["colourings"]
    assert error["name"] == "Reconstruction error" and error["low"] == pytest.approx(0.01, abs=0.002)


def test_own_images_are_placed_and_stay_in_no_cache(card):
    code = np.float32([[0.5, -0.25, 2.0]])
    plain = payload(card)
    marked = payload(card, UploadCodes(("mine",), {"m": code}))
    place = projections.find(card, "pca", {}).place(code)
    assert about(marked)["uploads"] == ["mine"] and np.asarray(place, "<f4").tobytes() in marked
    assert payload(card) == plain and about(plain)["uploads"] == []

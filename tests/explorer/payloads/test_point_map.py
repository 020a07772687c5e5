"""What the map is given: points, amounts, what is chosen; and a person's own images, which stay in no cache."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from explorer.components.message import read_about
from explorer.payloads.point_map import map_payload
from explorer.services import models, projections
from explorer.services.uploads import UploadCodes
from explorer.services.view import View
from vae_core import load_dataset


@pytest.fixture
def card(put):
    put("m", latent=3, mse=torch.linspace(0, 1, 50))
    return models.registry().card("m")


def payload(card, probes=None, **seen) -> bytes:
    found = projections.find(card, "pca", {})
    start = View("mnist", ("m",), "m", **seen)
    return map_payload(card, found, start, *([probes] if probes else []))


def test_what_a_view_says_is_chosen(card):
    square = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0))
    assert read_about(payload(card))["selection"] is None
    assert read_about(payload(card, picked=7))["selection"] == {"image": 7}
    assert read_about(payload(card, picked=50))["selection"] is None
    assert read_about(payload(card, lasso=square))["selection"] == {"polygon": [list(corner) for corner in square]}
    assert read_about(payload(card, colour=0))["colour"] == 0 and read_about(payload(card, colour=5))["colour"] == -1


def test_amounts_are_those_that_are_known(card):
    (error,) = read_about(payload(card))["colourings"]
    assert error["name"] == "Reconstruction error" and error["low"] == pytest.approx(0.01, abs=0.002)


def test_own_images_are_placed_and_stay_in_no_cache(card):
    code = np.float32([[0.5, -0.25, 2.0]])
    plain = payload(card)
    marked = payload(card, UploadCodes(("mine",), {"m": code}))
    place = projections.find(card, "pca", {}).place(code)
    assert read_about(marked)["uploads"] == ["mine"] and np.asarray(place, "<f4").tobytes() in marked
    assert payload(card) == plain and read_about(plain)["uploads"] == []


def test_the_map_says_why_it_has_no_images(put, tmp_path, monkeypatch):
    digits = load_dataset("digits")
    put("here", data="digits", fingerprint=digits.fingerprint, codes=len(digits.test))
    put("other", data="digits", fingerprint="0" * 64)
    put("mine", data="own-cats")
    put("away", data="fashion_mnist")
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cards = {name: models.registry().card(name) for name in ("here", "other", "mine", "away")}
    said = {name: read_about(payload(card))["reasonMissing"] for name, card in cards.items()}
    assert said == {
        "here": "",
        "other": "The DIGITS on this computer is not the data set that vae 2 was trained on.",
        "mine": "The images of OWN-CATS are not kept with vae 2.",
        "away": "The images of FASHION_MNIST are not on this computer.",
    }

"""What a pad is given: every model has one, and models go together where their held-out images are the same."""

from __future__ import annotations

import numpy as np
import pytest
import streamlit as st

from explorer.components.message import read_about
from explorer.services import datasets, models, pads
from explorer.services.uploads import Probes
from explorer.services.view import View


def cards(*names: str) -> list[models.Card]:
    return [models.shelf().card(name) for name in names]


def start(name: str = "m", **changes) -> View:
    return View("mnist", (name,), name, **changes)


def test_dimensions_are_in_the_order_of_their_use(put):
    put("kl", latent=4, metrics={"rate_by_group": [0.1, 3.0, 0.2, 2.0]})
    put("plain", "ae", latent=4)
    codes = np.zeros((10, 4), np.float32)
    codes[:, 2], codes[:, 0] = np.arange(10), np.arange(10) / 2
    kl, plain = cards("kl", "plain")
    assert pads.order(kl, codes) == [1, 3, 2, 0]
    assert pads.order(plain, codes) == [2, 0, 1, 3]


@pytest.mark.parametrize(("latent", "held_out"), [(1, True), (2, True), (2, False), (7, True)])
def test_every_model_gets_a_pad(put, latent, held_out):
    put("m", latent=latent, held_out=held_out)
    first = pads.pad(cards("m"), start())
    assert isinstance(first, bytes) and first == pads.pad(cards("m"), start())
    assert pads.pad(cards("m"), start(z=(0.25,) * latent)) != first


def test_models_of_the_same_held_out_images_go_together(put):
    put("m")
    put("n", latent=7)
    put("other", fingerprint="f" * 64)
    fits, left_out = pads.together(cards("m", "n", "other"))
    assert [card.name for card in fits] == ["m", "n"]
    assert [card.name for card in left_out] == ["other"]
    assert len(pads.pad(fits, start())) > len(pads.pad(fits[:1], start()))


def test_originals_travel_where_they_are_at_hand(put, monkeypatch):
    put("m")
    without = pads.pad(cards("m"), start())
    images = np.full((50, 1, 8, 8), 77, np.uint8)
    monkeypatch.setattr(datasets, "originals", lambda data, fingerprint: images)
    whole = pads.pad(cards("m"), start())
    assert images.tobytes() in whole and images.tobytes() not in without
    st.cache_resource.clear(), st.cache_data.clear()
    monkeypatch.setattr(pads, "ORIGINALS_BYTES", 10 * 64)
    some = pads.pad(cards("m"), start())
    assert images[:10].tobytes() in some and images[:11].tobytes() not in some
    st.cache_resource.clear(), st.cache_data.clear()


def test_own_images_are_marked_and_stay_in_no_cache(put, monkeypatch):
    put("m", latent=3)
    probe = np.float32([[0.25, -1.5, 2.0]])
    plain = pads.pad(cards("m"), start())
    marked = pads.pad(cards("m"), start(), Probes(("mine",), {"m": probe}))
    assert probe.tobytes() in marked and read_about(marked)["probes"] == ["mine"]
    assert pads.pad(cards("m"), start()) == plain and probe.tobytes() not in plain

"""What a pad is given: every model has one, and models go together where their held-out images are the same."""

from __future__ import annotations

import numpy as np
import pytest
import streamlit as st

from explorer.components.message import read_about
from explorer.payloads import latent_pad
from explorer.services import datasets, models
from explorer.services.uploads import UploadCodes
from explorer.services.view import View
from vae_core import load_dataset
from vae_core.data.names import FIELD


def cards(*names: str) -> list[models.ModelCard]:
    return [models.registry().card(name) for name in names]


def start(name: str = "m", **changes) -> View:
    return View("mnist", (name,), name, **changes)


@pytest.mark.parametrize(("latent", "held_out"), [(1, True), (2, True), (2, False), (7, True)])
def test_every_model_gets_a_pad(put, latent, held_out):
    put("m", latent=latent, held_out=held_out)
    first = latent_pad.pad_payload(cards("m"), start())
    assert isinstance(first, bytes) and first == latent_pad.pad_payload(cards("m"), start())
    assert latent_pad.pad_payload(cards("m"), start(z=(0.25,) * latent)) != first


def test_models_of_the_same_held_out_images_go_together(put):
    put("m")
    put("n", latent=7)
    put("other", fingerprint="f" * 64)
    fits, left_out = latent_pad.compatible(cards("m", "n", "other"))
    assert [card.name for card in fits] == ["m", "n"]
    assert [card.name for card in left_out] == ["other"]
    assert len(latent_pad.pad_payload(fits, start())) > len(latent_pad.pad_payload(fits[:1], start()))


def test_originals_travel_where_they_are_at_hand(put, monkeypatch):
    put("m")
    without = latent_pad.pad_payload(cards("m"), start())
    images = np.full((50, 1, 8, 8), 77, np.uint8)
    monkeypatch.setattr(datasets, "originals", lambda card: images)
    whole = latent_pad.pad_payload(cards("m"), start())
    assert images.tobytes() in whole and images.tobytes() not in without
    st.cache_resource.clear(), st.cache_data.clear()
    monkeypatch.setattr(latent_pad, "ORIGINALS_BYTES", 10 * 64)
    some = latent_pad.pad_payload(cards("m"), start())
    assert images[:10].tobytes() in some and images[:11].tobytes() not in some
    st.cache_resource.clear(), st.cache_data.clear()


def test_own_images_are_marked_and_stay_in_no_cache(put, monkeypatch):
    put("m", latent=3)
    code = np.float32([[0.25, -1.5, 2.0]])
    plain = latent_pad.pad_payload(cards("m"), start())
    marked = latent_pad.pad_payload(cards("m"), start(), UploadCodes(("mine",), {"m": code}))
    assert code.tobytes() in marked and read_about(marked)["uploads"] == ["mine"]
    assert latent_pad.pad_payload(cards("m"), start()) == plain and code.tobytes() not in plain


def test_a_pad_of_texts_has_their_characters(put):
    data = load_dataset("made_up_names")
    put("m", "gru-vae", data="made_up_names", fingerprint=data.fingerprint, codes=2_000, field=FIELD)
    about = read_about(latent_pad.pad_payload(cards("m"), start()))
    assert about["image"] == [1, 1, 16] and about["characters"] == list(FIELD.vocabulary) and about["smooth"]
    page = latent_pad.html_page(cards("m"), start())
    assert b"<html" in page

"""A person's own images: taken in or refused one by one, prepared, measured against the held-out ones, and given back."""

from __future__ import annotations

import io
from pathlib import Path

import image_files
import numpy as np
import pytest
import streamlit as st
import torch
from PIL import Image

from explorer.components import sketch
from explorer.services import models, uploads
from explorer.services.uploads import Preparation
from vae_core.checkpoint import registry
from vae_core.data.containers import SUFFIXES


def file_of(x: np.ndarray, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(x).save(out, kind)
    return out.getvalue()


PICTURE = np.random.default_rng(0).integers(0, 256, (30, 50), dtype=np.uint8)


@pytest.fixture(autouse=True)
def session(monkeypatch):
    """A session of the test's own."""
    state: dict = {}
    monkeypatch.setattr(st, "session_state", state)
    return state


@pytest.fixture
def card(put):
    put("m", latent=3, mse=torch.linspace(0, 1, 50))
    return models.registry().card("m")


def test_good_files_are_kept_and_bad_ones_named():
    good = [("a.png", file_of(PICTURE)), ("d.jpg", file_of(PICTURE, "JPEG"))]
    refused = uploads.add([good[0], ("b.png", b"MZ"), ("c\n.gif", b""), good[1]])
    assert [upload.name for upload in uploads.session_uploads().values()] == ["a.png", "d.jpg"]
    assert [name for name, _ in refused] == ["b.png", "c\N{REPLACEMENT CHARACTER}.gif"]
    assert all(reason.startswith("it is ") for _, reason in refused)


def test_the_same_file_is_kept_once_and_can_be_removed():
    uploads.add([("a.png", file_of(PICTURE))] * 2)
    (key,) = uploads.session_uploads()
    uploads.remove(key)
    uploads.remove(key)
    assert not uploads.session_uploads()


def test_there_is_a_limit():
    files = [(f"{i}.png", file_of(np.full((2, 2), i, np.uint8))) for i in range(uploads.MAX_UPLOADS + 2)]
    refused = uploads.add(files)
    assert len(uploads.session_uploads()) == uploads.MAX_UPLOADS
    assert [name for name, _ in refused] == [name for name, _ in files[-2:]]


def test_a_long_strip_does_not_take_the_memory():
    uploads.add([("strip.png", file_of(np.zeros((40, 9000), np.uint8)))])
    (upload,) = uploads.session_uploads().values()
    assert max(upload.picture.size) <= 2048


def test_what_a_person_says_goes_before_what_is_usual(card):
    uploads.add([("a.png", file_of(PICTURE))])
    (upload,) = uploads.session_uploads().values()
    usual = uploads.preparation(upload, card)
    uploads.set_preparation(upload, Preparation("fit", True))
    (upload,) = uploads.session_uploads().values()
    assert uploads.preparation(upload, card) == Preparation("fit", True) != usual
    assert uploads.prepared_image(upload, card).shape == (1, 8, 8)


def test_what_cannot_be_prepared_is_said(card):
    uploads.add([("white.png", file_of(np.full((20, 20), 255, np.uint8)))])
    (upload,) = uploads.session_uploads().values()
    uploads.set_preparation(upload, Preparation("centre"))
    (upload,) = uploads.session_uploads().values()
    with pytest.raises(ValueError, match="nothing is drawn"):
        uploads.prepared_image(upload, card)


def test_an_evaluation_is_the_models_own(card):
    model = registry.load("m").model
    x = np.random.default_rng(1).integers(0, 256, (1, 8, 8), dtype=np.uint8)
    found = uploads.evaluate(card, x)
    again = model.reconstruct(x[None]).numpy()[0]
    np.testing.assert_allclose(found.reconstruction, again, atol=1e-6)
    assert found.mse == pytest.approx(((again - x / 255) ** 2).mean(), rel=1e-5)
    np.testing.assert_allclose(found.errors, np.abs(again - x / 255)[0], atol=1e-6)
    # The held-out errors are spread evenly over 0 to 1: the share below an error is the error.
    assert found.error_rank == pytest.approx(found.mse, abs=0.021)
    codes = registry.load("m").held_out.codes.numpy()
    assert list(found.nearest) == np.linalg.norm(codes - found.code, axis=1).argsort()[:5].tolist()


@pytest.mark.parametrize(("top", "unlike"), [(1.0, False), (1e-6, True)])
def test_an_image_unlike_the_training_data_is_named_as_such(put, top, unlike):
    put("m", mse=torch.linspace(0, top, 50))
    x = np.random.default_rng(1).integers(0, 256, (1, 8, 8), dtype=np.uint8)
    assert uploads.evaluate(models.registry().card("m"), x).is_outlier is unlike


def test_without_held_out_images_nothing_is_claimed(put):
    put("m", held_out=False)
    found = uploads.evaluate(models.registry().card("m"), np.zeros((1, 8, 8), np.uint8))
    assert found.error_rank is None and found.nearest == () and not found.is_outlier


def test_the_files_to_take_away_hold_what_was_shown(card):
    x = np.random.default_rng(1).integers(0, 256, (2, 1, 8, 8), dtype=np.uint8)
    found = [uploads.evaluate(card, image) for image in x]
    with np.load(io.BytesIO(uploads.npz(["a", "b"], x, {"m": found})), allow_pickle=False) as saved:
        np.testing.assert_array_equal(saved["images"], x)
        np.testing.assert_array_equal(saved["m/codes"], [one.code for one in found])
        assert saved["names"].tolist() == ["a", "b"]


def test_a_damaged_picture_is_refused_by_name_and_the_others_go_on():
    damaged = image_files.damaged(file_of(PICTURE))
    refused = uploads.add([("a.png", file_of(PICTURE)), ("b.png", damaged), ("c.jpg", file_of(PICTURE, "JPEG"))])
    assert [upload.name for upload in uploads.session_uploads().values()] == ["a.png", "c.jpg"]
    assert refused == [("b.png", "it cannot be decoded: it is damaged, as its checksums show")]


def test_a_picture_that_would_hold_the_decoder_is_refused_by_name():
    jpeg = image_files.repeated_scan(3000, 2000, 2000)
    [(name, reason)] = uploads.add([("scans.jpg", jpeg)])
    assert name == "scans.jpg"
    assert reason == "it is a JPEG of 3000x2000 pixels in 2,010 scans, which takes too long to decode"


def test_a_photograph_of_48_million_pixels_is_taken_in_small():
    assert not uploads.add([("phone.jpg", image_files.saved(Image.new("L", (8064, 6048), 130), "JPEG"))])
    (upload,) = uploads.session_uploads().values()
    assert upload.picture.size == (683, 512)


def test_the_usual_endings_of_every_format_are_taken():
    assert {"png", "apng", "jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp", "webp", "bmp", "dib", "gif"} == set(uploads.TYPES)
    for suffix in uploads.TYPES:
        kind = next(kind for kind, suffixes in SUFFIXES.items() if suffix in suffixes)
        assert not uploads.add([(f"a.{suffix}", file_of(PICTURE, kind))])
    assert len(uploads.session_uploads()) == len(uploads.TYPES)


def test_uploaders_say_the_limit_that_is_kept():
    assert uploads.MAX_MB == 32
    [(_, reason)] = uploads.add([("a.bmp", b"BM" + bytes(uploads.MAX_MB * 2**20))])
    assert reason == "it is larger than 33,554,432 bytes"
    pasted = Path(sketch.__file__).with_name("image_transfer.js").read_text()
    assert f"const MAX_BYTES = {uploads.MAX_MB} * 2 ** 20;" in pasted

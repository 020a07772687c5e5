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
from explorer.components.pictures import png_of_rows
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
    return models.shelf().card("m")


def test_good_files_are_kept_and_bad_ones_named():
    good = [("a.png", file_of(PICTURE)), ("d.jpg", file_of(PICTURE, "JPEG"))]
    refused = uploads.add([good[0], ("b.png", b"MZ"), ("c\n.gif", b""), good[1]])
    assert [upload.name for upload in uploads.held().values()] == ["a.png", "d.jpg"]
    assert [name for name, _ in refused] == ["b.png", "c\N{REPLACEMENT CHARACTER}.gif"]
    assert all(reason.startswith("it is ") for _, reason in refused)


def test_the_same_file_is_kept_once_and_can_be_removed():
    uploads.add([("a.png", file_of(PICTURE))] * 2)
    (key,) = uploads.held()
    uploads.remove(key)
    uploads.remove(key)
    assert not uploads.held()


def test_there_is_a_limit():
    files = [(f"{i}.png", file_of(np.full((2, 2), i, np.uint8))) for i in range(uploads.MOST + 2)]
    refused = uploads.add(files)
    assert len(uploads.held()) == uploads.MOST
    assert [name for name, _ in refused] == [name for name, _ in files[-2:]]


def test_a_long_strip_does_not_take_the_memory():
    uploads.add([("strip.png", file_of(np.zeros((40, 9000), np.uint8)))])
    (upload,) = uploads.held().values()
    assert max(upload.picture.size) <= 2048


def test_what_a_person_says_goes_before_what_is_usual(card):
    uploads.add([("a.png", file_of(PICTURE))])
    (upload,) = uploads.held().values()
    usual = uploads.preparation(upload, card)
    uploads.prepare(upload, Preparation("fit", True))
    (upload,) = uploads.held().values()
    assert uploads.preparation(upload, card) == Preparation("fit", True) != usual
    assert uploads.pixels(upload, card).shape == (1, 8, 8)


def test_what_cannot_be_prepared_is_said(card):
    uploads.add([("white.png", file_of(np.full((20, 20), 255, np.uint8)))])
    (upload,) = uploads.held().values()
    uploads.prepare(upload, Preparation("centre"))
    (upload,) = uploads.held().values()
    with pytest.raises(ValueError, match="nothing is drawn"):
        uploads.pixels(upload, card)


def test_an_outcome_is_the_models_own(card):
    model = registry.load("m").model
    x = np.random.default_rng(1).integers(0, 256, (1, 8, 8), dtype=np.uint8)
    found = uploads.outcome(card, x)
    again = model.reconstruct(x[None]).numpy()[0]
    np.testing.assert_allclose(found.rebuilt, again, atol=1e-6)
    assert found.mse == pytest.approx(((again - x / 255) ** 2).mean(), rel=1e-5)
    np.testing.assert_allclose(found.errors, np.abs(again - x / 255)[0], atol=1e-6)
    # The held-out errors are spread evenly over 0 to 1: the share below an error is the error.
    assert found.above == pytest.approx(found.mse, abs=0.021)
    codes = registry.load("m").held_out.codes.numpy()
    assert list(found.nearest) == np.linalg.norm(codes - found.code, axis=1).argsort()[:5].tolist()


@pytest.mark.parametrize(("top", "unlike"), [(1.0, False), (1e-6, True)])
def test_an_image_unlike_the_training_data_is_named_as_such(put, top, unlike):
    put("m", mse=torch.linspace(0, top, 50))
    x = np.random.default_rng(1).integers(0, 256, (1, 8, 8), dtype=np.uint8)
    assert uploads.outcome(models.shelf().card("m"), x).unlike is unlike


def test_without_held_out_images_nothing_is_claimed(put):
    put("m", held_out=False)
    found = uploads.outcome(models.shelf().card("m"), np.zeros((1, 8, 8), np.uint8))
    assert found.above is None and found.nearest == () and not found.unlike


def test_the_files_to_take_away_hold_what_was_shown(card):
    x = np.random.default_rng(1).integers(0, 256, (2, 1, 8, 8), dtype=np.uint8)
    found = [uploads.outcome(card, image) for image in x]
    with np.load(io.BytesIO(uploads.as_npz(["a", "b"], x, {"m": found})), allow_pickle=False) as saved:
        np.testing.assert_array_equal(saved["images"], x)
        np.testing.assert_array_equal(saved["m/codes"], [one.code for one in found])
        assert saved["names"].tolist() == ["a", "b"]
    sheet = np.array(Image.open(io.BytesIO(png_of_rows([list(x), [one.rebuilt for one in found]]))))
    assert sheet.shape == (18, 18)
    np.testing.assert_array_equal(sheet[:8, 10:], x[1, 0])
    np.testing.assert_allclose(sheet[10:, :8], 255 * found[0].rebuilt[0], atol=0.51)


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (3, 3)])
def test_a_picture_of_any_shape_has_a_thumbnail(shape):
    uploads.add([("strip.png", file_of(np.full(shape, 128, np.uint8)))])
    (upload,) = uploads.held().values()
    small = uploads.thumbnail(upload)
    assert min(small.size) >= 1 and max(small.size) <= uploads.THUMBNAIL


def test_a_damaged_picture_is_refused_by_name_and_the_others_go_on():
    damaged = image_files.damaged(file_of(PICTURE))
    refused = uploads.add([("a.png", file_of(PICTURE)), ("b.png", damaged), ("c.jpg", file_of(PICTURE, "JPEG"))])
    assert [upload.name for upload in uploads.held().values()] == ["a.png", "c.jpg"]
    assert refused == [("b.png", "it cannot be decoded: it is damaged, as its checksums show")]


def test_a_picture_that_would_hold_the_decoder_is_refused_by_name():
    jpeg = image_files.repeated_scan(3000, 2000, 2000)
    [(name, reason)] = uploads.add([("scans.jpg", jpeg)])
    assert name == "scans.jpg"
    assert reason == "it is a JPEG of 3000x2000 pixels in 2,010 scans, which takes too long to decode"


def test_a_photograph_of_48_million_pixels_is_taken_in_small():
    assert not uploads.add([("phone.jpg", image_files.saved(Image.new("L", (8064, 6048), 130), "JPEG"))])
    (upload,) = uploads.held().values()
    assert upload.picture.size == (683, 512)


def test_the_usual_endings_of_every_format_are_taken():
    assert {"png", "apng", "jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp", "webp", "bmp", "dib", "gif"} == set(uploads.TYPES)
    for suffix in uploads.TYPES:
        kind = next(kind for kind, suffixes in SUFFIXES.items() if suffix in suffixes)
        assert not uploads.add([(f"a.{suffix}", file_of(PICTURE, kind))])
    assert len(uploads.held()) == len(uploads.TYPES)


def test_uploaders_say_the_limit_that_is_kept():
    assert uploads.MOST_MB == 32
    [(_, reason)] = uploads.add([("a.bmp", b"BM" + bytes(uploads.MOST_MB * 2**20))])
    assert reason == "it is larger than 33,554,432 bytes"
    pasted = Path(sketch.__file__).with_name("hand_over.js").read_text()
    assert f"const MOST_BYTES = {uploads.MOST_MB} * 2 ** 20;" in pasted

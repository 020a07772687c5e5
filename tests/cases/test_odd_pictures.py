"""Odd pictures, uploaded and in folders: each is used as it is meant, or refused by its name with a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import case_inputs
import image_files
import numpy as np
import pytest

import vae_core
from explorer.services import models, uploads
from vae_core.data.own_images import own_images

DAMAGED = "it cannot be decoded: it is damaged, as its checksums show"
TRANSPARENT = "all that would be used of it is transparent; give it without transparency"
GOOD = {f"good_{name}": content for name, content in case_inputs.discs(range(12)).items()}
RAMPS = [case_inputs.grey16_trns, case_inputs.grey12_in_16]


def uploaded(name: str, content: bytes) -> uploads.Upload:
    """A picture that the app took."""
    assert uploads.add([(name, content)]) == []
    (upload,) = uploads.session_uploads().values()
    return upload


def images(data: vae_core.data.Dataset) -> np.ndarray:
    """All images of a data set, whatever their part."""
    return np.concatenate([split.x.numpy() for split in (data.train, data.validation, data.test)])


def test_a_damaged_picture_is_left_out_of_training_by_name(put, trained):
    made, said = trained(put("photos", GOOD | {"damaged.png": case_inputs.damaged()}))
    assert [line for line in said if line.startswith("left out")] == [f"left out damaged.png: {DAMAGED}"]
    assert "12 grey images" in made.data["about"] and "1 file was not used" in made.data["about"]


def test_a_damaged_picture_is_refused_as_an_upload_by_name():
    first, last = list(GOOD.items())[:2]
    assert uploads.add([first, ("damaged.png", case_inputs.damaged()), last]) == [("damaged.png", DAMAGED)]
    assert [upload.name for upload in uploads.session_uploads().values()] == [first[0], last[0]]


@pytest.mark.parametrize("ramp", RAMPS)
def test_a_grey_ramp_of_more_than_8_bits_is_a_ramp_as_an_upload(ramp):
    x = np.asarray(uploaded("ramp.png", ramp()).picture.convert("L")).astype(int)
    np.testing.assert_allclose(x, np.tile(np.linspace(0, 255, 64), (64, 1)), atol=1)
    assert x.mean() == pytest.approx(128, abs=1)


@pytest.mark.parametrize("ramp", RAMPS)
def test_a_grey_ramp_of_more_than_8_bits_is_a_ramp_in_a_folder(ramp, put):
    data = own_images(put("photos", GOOD | {"ramp.png": ramp()}))
    expected = np.tile(np.linspace(0, 255, 64), (64, 1))
    assert len(images(data)) == 13 and data.refused == ()
    assert np.abs(images(data) - expected).max((1, 2, 3)).min() <= 1


def test_a_picture_that_is_transparent_all_over_is_refused(put):
    clear = {"all_transparent.png": case_inputs.all_transparent()}
    assert uploads.add(list(clear.items())) == [("all_transparent.png", TRANSPARENT)] and not uploads.session_uploads()
    data = own_images(put("photos", GOOD | clear))
    assert data.refused == (("all_transparent.png", TRANSPARENT),) and len(images(data)) == 12


def test_a_jfif_is_taken():
    assert "jfif" in uploads.TYPES
    picture = uploaded("photo.jfif", case_inputs.photo_jfif()).picture
    assert np.abs(np.asarray(picture).astype(int) - np.asarray(case_inputs.disc(8, colour=True))).mean() < 4


MEMORY = """
import sys
from pathlib import Path

import streamlit as st

from explorer.services import uploads

def status(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(field)).split()[1])

st.session_state = {}
photograph = Path("phone48mp.jpg").read_bytes()
refused = uploads.add([("small.jpg", Path("small.jpg").read_bytes())])
# The peak is counted from here on.
Path("/proc/self/clear_refs").write_text("5")
before = status("VmRSS")
refused += uploads.add([("phone48mp.jpg", photograph)])
print(len(refused), len(uploads.session_uploads()), status("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's account of memory")
@pytest.mark.slow
def test_a_photograph_of_48_million_pixels_takes_less_than_60_mb_of_the_server():
    Path("phone48mp.jpg").write_bytes(case_inputs.phone48mp())
    Path("small.jpg").write_bytes(case_inputs.photo_jfif())
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    refused, held, rise = map(int, done.stdout.split())
    assert (refused, held) == (0, 2) and rise < 60_000_000


def test_a_digit_on_shaded_paper_is_a_bright_3_on_black_and_is_rebuilt_as_a_3():
    card = models.registry().card("mnist-vae-16")
    x = uploads.prepared_image(uploaded("three_on_shaded_paper.jpg", case_inputs.three_on_shaded_paper()), card)
    frame = np.concatenate([x[0, :2].ravel(), x[0, -2:].ravel(), x[0, :, :4].ravel(), x[0, :, -4:].ravel()])
    assert x.max() > 220 and frame.max() == 0 and np.median(x) == 0

    # The same strokes on even white paper have no ground that could be left.
    even = image_files.saved(image_files.shaded_three(255, 255, 0).point(lambda v: 0 if v < 150 else 255))
    clean = uploads.prepared_image(uploads.Upload("clean", "clean", uploads.decoded(even)), card)
    rebuilt = uploads.evaluate(card, x).reconstruction
    assert np.corrcoef(rebuilt.ravel(), clean.ravel())[0, 1] > 0.9

    digits = vae_core.load_dataset("mnist5k")
    labels = np.concatenate([split.y.numpy() for split in (digits.train, digits.validation, digits.test)])
    for image in (x / 255, rebuilt):
        distances = np.square(images(digits) / 255 - image).sum((1, 2, 3))
        assert labels[distances.argmin()] == 3

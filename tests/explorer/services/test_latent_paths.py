"""What is taken along of a path."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from explorer.services import latent_paths, models


def codes(count: int = 33, d: int = 2) -> np.ndarray:
    return np.linspace(-1, 1, count * d).reshape(count, d).astype(np.float32)


@pytest.fixture
def card(put):
    put("m")
    return models.shelf().card("m")


def test_frames_are_what_the_model_decodes(card) -> None:
    wanted = models.load("m").model.decode(codes()).numpy()
    np.testing.assert_array_equal(latent_paths.frames(card, codes()), np.round(255 * wanted))


@pytest.mark.parametrize("wrong", [np.zeros((3, 5)), np.zeros(2), np.full((2, 2), np.nan)])
def test_codes_of_something_else_are_refused(card, wrong) -> None:
    with pytest.raises(ValueError, match="no codes of vae 2, which have 2 numbers"):
        latent_paths.checked(card, wrong)


def test_a_moving_picture_has_every_frame(card) -> None:
    images = latent_paths.frames(card, codes())
    images[:, 0, 0, 0] = np.arange(len(images))  # No two are the same, which a GIF would make one of.
    found = Image.open(io.BytesIO(latent_paths.gif(images)))
    assert found.n_frames == 33 and found.size == (224, 224) and found.info["loop"] == 0
    found.seek(7)
    times = 224 // 8
    shown = np.array(found.convert("L"))[::times, ::times]
    np.testing.assert_allclose(shown, images[7, 0], atol=2)


def test_a_strip_has_a_row_from_pin_to_pin(card) -> None:
    images = latent_paths.frames(card, codes())
    sheet = np.array(Image.open(io.BytesIO(latent_paths.strip(images))))
    assert sheet.shape == (2 * 10 - 2, 17 * 10 - 2)
    np.testing.assert_array_equal(sheet[:8, 160:168], images[16, 0])
    np.testing.assert_array_equal(sheet[10:18, :8], images[16, 0])


def test_codes_come_back_from_both_files(card) -> None:
    images = latent_paths.frames(card, codes())
    with np.load(io.BytesIO(latent_paths.npz(codes(), images)), allow_pickle=False) as found:
        np.testing.assert_array_equal(found["codes"], codes())
        np.testing.assert_array_equal(found["images"], images)
    text = latent_paths.table(codes()).decode()
    assert text.splitlines()[0] == "z1,z2"
    np.testing.assert_array_equal(np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1, dtype=np.float32), codes())

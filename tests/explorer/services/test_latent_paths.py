"""The codes and images of a path, and their files."""

from __future__ import annotations

import io

import numpy as np
import pytest

from explorer.services import latent_paths, models


def codes(count: int = 33, d: int = 2) -> np.ndarray:
    return np.linspace(-1, 1, count * d).reshape(count, d).astype(np.float32)


@pytest.fixture
def card(put):
    put("m")
    return models.registry().card("m")


def test_frames_are_what_the_model_decodes(card) -> None:
    wanted = models.load("m").model.decode(codes()).numpy()
    np.testing.assert_array_equal(latent_paths.images(card, codes()), np.round(255 * wanted))


@pytest.mark.parametrize("wrong", [np.zeros((3, 5)), np.zeros(2), np.full((2, 2), np.nan)])
def test_codes_of_something_else_are_refused(card, wrong) -> None:
    with pytest.raises(ValueError, match="no codes of vae 2, which have 2 numbers"):
        latent_paths.checked_codes(card, wrong)


def test_codes_come_back_from_both_files(card) -> None:
    images = latent_paths.images(card, codes())
    with np.load(io.BytesIO(latent_paths.npz(codes(), images)), allow_pickle=False) as found:
        np.testing.assert_array_equal(found["codes"], codes())
        np.testing.assert_array_equal(found["images"], images)
    text = latent_paths.csv_table(codes()).decode()
    assert text.splitlines()[0] == "z1,z2"
    np.testing.assert_array_equal(np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1, dtype=np.float32), codes())

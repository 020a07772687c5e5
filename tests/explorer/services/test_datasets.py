"""The held-out images: the very ones, or none."""

from __future__ import annotations

import numpy as np

from explorer.services import datasets
from vae_core import load_dataset


def test_the_images_are_those_of_the_test_split():
    digits = load_dataset("digits")
    np.testing.assert_array_equal(datasets.originals("digits", digits.fingerprint), digits.test.x.numpy())


def test_another_fingerprint_has_none():
    assert datasets.originals("digits", "0" * 64) is None


def test_a_set_that_is_not_here_has_none(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert datasets.originals("fashion_mnist", "") is None
    assert datasets.originals("my photos", "") is None

"""Images to rebuild: the data set's own, else those of a set that comes installed, else what the model draws, and said so."""

from __future__ import annotations

import numpy as np

from explorer.services import datasets, held_out, models
from vae_core import load_dataset
from vae_core.checkpoint import registry


def test_the_sets_own_images_come_first(put, monkeypatch):
    put("m", data="mnist")
    own = np.full((50, 1, 8, 8), 7, np.uint8)
    monkeypatch.setattr(datasets, "originals", lambda card: own)
    found = held_out.images_for(models.registry().card("m"))
    assert found.real and found.x is own and found.names[:4] == ("a", "b", "c", "a")


def test_then_those_that_come_installed(put, monkeypatch):
    put("m", data="mnist")
    monkeypatch.setattr(datasets, "originals", lambda card: None)
    found = held_out.images_for(models.registry().card("m"))
    np.testing.assert_array_equal(found.x, load_dataset("mnist5k").test.x)
    assert found.real and "mnist5k" in found.about


def test_then_what_the_model_draws_and_it_says_so(put):
    put("m", data="apples")
    found = held_out.images_for(models.registry().card("m"))
    drawn = registry.load("m").model.decode(registry.load("m").held_out.codes)
    np.testing.assert_array_equal(found.x, (255 * drawn).round().byte())
    assert not found.real and "stand in for them" in found.about


def test_images_of_another_version_of_the_set_are_named_as_such(put):
    put("m", data="digits", fingerprint="f" * 64)
    found = held_out.images_for(models.registry().card("m"))
    assert found.about.startswith("The DIGITS on this computer is not the data set that vae 2 was trained on.")


def test_a_model_without_codes_draws_samples(put):
    put("m", data="pears", held_out=False)
    found = held_out.images_for(models.registry().card("m"))
    assert len(found.x) == 200 and found.names[0] == "no. 1"

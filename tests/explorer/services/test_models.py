"""The shelf: what is on disk, in a sensible order, with a sentence for what cannot be read."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.services import models, pads


def test_an_empty_folder(folder):
    shelf = models.shelf()
    assert shelf.cards == () and shelf.problems == ()


def test_a_vae_of_two_dimensions_on_mnist_comes_first(folder, put):
    for name, kind, latent, data in [
        ("a", "ae", 2, "mnist"), ("b", "vae", 16, "mnist"), ("c", "vae", 2, "mnist"), ("d", "vae", 2, "apples"),
    ]:  # fmt: skip
        put(name, kind, latent, data)
    shelf = models.shelf()
    assert [card.name for card in shelf.cards] == ["c", "a", "b", "d"]
    assert shelf.data_sets() == ["mnist", "apples"] and shelf.data_title("apples") == "APPLES"
    assert [card.kind for card in shelf.of("mnist")] == ["vae", "ae", "vae"]


def test_a_broken_file_is_named_and_the_rest_stays(folder, put):
    put("good")
    (folder / "bad.safetensors").write_bytes(b"0123456789")
    shelf = models.shelf()
    assert [card.name for card in shelf.cards] == ["good"]
    assert len(shelf.problems) == 1 and shelf.problems[0].startswith("bad.safetensors ")


def test_a_changed_file_is_read_again(folder, put):
    put("m", latent=2)
    assert models.shelf().cards[0].config.latent == 2
    put("m", latent=3)
    assert models.shelf().cards[0].config.latent == 3
    assert models.load("m").config.latent == 3


def test_the_plane_takes_the_two_dimensions_that_tell_most(folder, put):
    put("kl", latent=4, metrics={"rate_by_group": [0.1, 3.0, 0.2, 2.0]})
    put("plain", "ae", latent=4)
    codes = np.zeros((10, 4), np.float32)
    codes[:, 2], codes[:, 0] = np.arange(10), np.arange(10) / 2
    shelf = models.shelf()
    assert pads.dimensions(shelf.card("kl"), codes) == (1, 3)
    assert pads.dimensions(shelf.card("plain"), codes) == (2, 0)


@pytest.mark.parametrize(("latent", "held_out"), [(1, True), (2, True), (2, False), (7, True)])
def test_every_model_gets_a_pad(put, latent, held_out):
    put("m", latent=latent, held_out=held_out)
    card = models.shelf().card("m")
    first = pads.pad(card)
    assert isinstance(first, bytes) and first == pads.pad(card)
    assert pads.pad(card, (0.25, -0.5)) != first


def test_the_plane_goes_through_the_first_held_out_image(folder, put):
    put("m", latent=5)
    codes = models.load("m").held_out.codes.numpy()
    plane = pads.plane(codes, (3, 1))
    at = plane.origin + plane.start[0] * plane.u + plane.start[1] * plane.v
    np.testing.assert_allclose(at, codes[0], atol=1e-6)
    np.testing.assert_array_equal(plane.points, codes[:, [3, 1]])

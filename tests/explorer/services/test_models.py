"""The shelf: what is on disk, in a sensible order, with a sentence for what cannot be read."""

from __future__ import annotations

from explorer.services import models


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


def test_models_of_a_part_of_a_set_are_shown_with_it(put, home):
    put("b", data="mnist")
    put("a", data="mnist5k")
    shelf = models.shelf()
    assert shelf.data_sets() == ["mnist"] and shelf.data_title("mnist") == "MNIST"
    assert {card.name: card.source for card in shelf.of("mnist")} == {"a": "mnist5k", "b": "mnist"}


def test_equal_titles_are_told_apart(put):
    put("one")
    put("two")
    assert models.shelf().titles("mnist") == {"one": "vae 2 (one)", "two": "vae 2 (two)"}


def test_a_beta_is_told_as_it_is(put):
    put("m", "beta-vae")
    assert "the rate weighed by 4, " in models.explain(models.shelf().card("m"))

"""The registry: what is on disk, in a sensible order, with a sentence for what cannot be read."""

from __future__ import annotations

from explorer.choices import MARKERS
from explorer.design_tokens import design_tokens
from explorer.services import models
from vae_core.data.names import FIELD
from vae_core.zoo import ZOO


def test_an_empty_folder(folder):
    registry = models.registry()
    assert registry.cards == () and registry.problems == ()


def test_a_vae_of_two_dimensions_on_mnist_comes_first(folder, put):
    for name, kind, latent, data in [
        ("a", "ae", 2, "mnist"), ("b", "vae", 16, "mnist"), ("c", "vae", 2, "mnist"), ("d", "vae", 2, "apples"),
    ]:  # fmt: skip
        put(name, kind, latent, data)
    registry = models.registry()
    assert [card.name for card in registry.cards] == ["c", "a", "b", "d"]
    assert registry.data_sets() == ["mnist", "apples"] and registry.data_title("apples") == "APPLES"
    assert [card.kind for card in registry.of("mnist")] == ["vae", "ae", "vae"]


def test_a_broken_file_is_named_and_the_rest_stays(folder, put):
    put("good")
    (folder / "bad.safetensors").write_bytes(b"0123456789")
    registry = models.registry()
    assert [card.name for card in registry.cards] == ["good"]
    assert len(registry.problems) == 1 and registry.problems[0].startswith("bad.safetensors ")


def test_a_changed_file_is_read_again(folder, put):
    put("m", latent=2)
    assert models.registry().cards[0].config.latent == 2
    put("m", latent=3)
    assert models.registry().cards[0].config.latent == 3
    assert models.load("m").config.latent == 3


def test_models_of_a_part_of_a_set_are_shown_with_it(put, home):
    put("b", data="mnist")
    put("a", data="mnist5k")
    registry = models.registry()
    assert registry.data_sets() == ["mnist"] and registry.data_title("mnist") == "MNIST"
    assert {card.name: card.source for card in registry.of("mnist")} == {"a": "mnist5k", "b": "mnist"}


def test_equal_titles_are_told_apart(put):
    put("one")
    put("two")
    assert models.registry().titles("mnist") == {"one": "vae 2 (one)", "two": "vae 2 (two)"}


def test_a_beta_is_told_as_it_is(put):
    put("m", "beta-vae")
    assert "Its loss is distortion + 4 × rate." in models.explain(models.registry().card("m"))


def test_a_model_is_explained_by_its_row(put):
    for name in ZOO:
        put(name, name, **({"field": FIELD} if ZOO[name].net else {}))
    for card in models.registry().cards:
        assert card.kind == card.name and ZOO[card.name].change in models.explain(card)


def test_styles_differ_in_colour_and_in_marker():
    styles = design_tokens()["models"]
    assert styles.keys() <= ZOO.keys() and {style["marker"] for style in styles.values()} <= set(MARKERS)
    for name in ("colour", "marker"):
        assert len({style[name] for style in styles.values()}) == len(styles)

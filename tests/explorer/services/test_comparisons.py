"""What is set side by side: the very figures, the better one marked only where it may be compared."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.services import comparisons, datasets, held_out, models
from explorer.services.comparisons import metrics_shown
from vae_core import load_dataset
from vae_core.checkpoint import registry

FIGURE = {figure.name: figure for figure in metrics_shown(True)}


def cards(*names: str) -> list[models.ModelCard]:
    return [models.registry().card(name) for name in names]


def test_the_better_value_is_marked(put):
    put("a", metrics={"mse": 0.0202, "ssim": 0.5, "rate": 3.0, "distortion": 20.0})
    put("b", metrics={"mse": 0.0101, "ssim": 0.4, "rate": 1.0, "distortion": 30.0})
    both = cards("a", "b")
    found = {name: comparisons.best_names(both, figure) for name, figure in FIGURE.items()}
    assert found["mse"] == {"b"} and found["ssim"] == {"a"} and found["distortion"] == {"a"}
    # A low rate is neither good nor bad.
    assert found["rate"] == set()


def test_values_that_look_the_same_are_all_marked(put):
    put("a", metrics={"mse": 0.01012})
    put("b", metrics={"mse": 0.01008})
    put("c", metrics={"mse": 0.02})
    assert comparisons.best_names(cards("a", "b", "c"), FIGURE["mse"]) == {"a", "b"}


def test_values_that_differ_by_less_than_their_errors_are_all_marked(put):
    put("a", metrics={"negative_elbo": 100.21, "negative_elbo_se": 0.02})
    put("b", metrics={"negative_elbo": 100.1891, "negative_elbo_se": 0.002})
    put("c", metrics={"negative_elbo": 100.3})
    known, figure = cards("a", "b", "c"), FIGURE["negative_elbo"]
    assert [comparisons.formatted(card.metrics, figure) for card in known] == ["100.2", "100.19", "100.30"]
    assert comparisons.best_names(known, figure) == {"a", "b"}


def test_nats_under_two_likelihoods_are_not_compared(put):
    put("a", metrics={"negative_elbo": 100.0, "mse": 0.1})
    put("b", metrics={"negative_elbo": 90.0, "mse": 0.2}, likelihood="gaussian")
    assert comparisons.best_names(cards("a", "b"), FIGURE["negative_elbo"]) == set()
    assert comparisons.best_names(cards("a", "b"), FIGURE["mse"]) == {"a"}


def test_what_is_not_defined_is_a_dash(put):
    put("a", "ae", metrics={"distortion": 20.0, "rate": None, "negative_elbo": None})
    (card,) = cards("a")
    names = ("distortion", "rate", "negative_elbo")
    assert [comparisons.formatted(card.metrics, FIGURE[name]) for name in names] == ["20.00", "—", "—"]


def test_rate_and_distortion_of_models_that_share_an_axis(put):
    known = {"rate": 1.0, "distortion": 2.0}
    put("a", metrics=known)
    put("b", metrics=known)
    put("other-likelihood", metrics=known, likelihood="gaussian")
    put("other-images", metrics=known, fingerprint="f")
    put("no-rate", "ae", metrics={"rate": None, "distortion": 2.0})
    assert {card.name for card in comparisons.comparable(models.registry(), cards("a")[0])} == {"a", "b"}


def test_a_way_begins_and_ends_at_the_reconstructions(put):
    put("m", latent=3)
    (card,) = cards("m")
    x = np.random.default_rng(0).integers(0, 256, (2, 1, 8, 8), dtype=np.uint8)
    ends = comparisons.reconstructions(card, x)
    for path in ("linear", "spherical"):
        found = np.stack(comparisons.interpolation(card, x[0], x[1], 5, path))
        np.testing.assert_allclose(found[[0, -1]], ends, atol=1e-6)


def test_a_cross_fade_is_the_mean_of_the_pixels():
    a, b = np.zeros((1, 2, 2), np.uint8), np.full((1, 2, 2), 255, np.uint8)
    np.testing.assert_allclose(comparisons.cross_fade(a, b, 3)[:, 0, 0, 0], [0, 0.5, 1])


@pytest.mark.parametrize("kind", ["ae", "vae"])
def test_a_gaussian_of_the_codes_is_offered_where_no_prior_was_learnt(put, kind):
    put("m", kind)
    (card,) = cards("m")
    assert comparisons.has_fitted_codes(card) == (kind == "ae")
    first = np.stack(comparisons.samples(card, 3, "prior", 1))
    assert first.shape == (3, 1, 8, 8)
    np.testing.assert_array_equal(first, np.stack(comparisons.samples(card, 3, "prior", 1)))
    assert np.abs(first - comparisons.samples(card, 3, "prior", 2)).max() > 0


class TestImages:
    def test_the_real_ones_where_they_are(self, put, monkeypatch):
        put("m")
        images = np.zeros((50, 1, 8, 8), np.uint8)
        monkeypatch.setattr(datasets, "originals", lambda card: images)
        found = held_out.images_for(cards("m")[0])
        assert found.real and found.x is images
        assert found.names[:4] == ("a", "b", "c", "a")

    def test_offline_mnist_has_digits_that_no_model_has_seen(self, put, tmp_path, monkeypatch):
        monkeypatch.delenv("VAE_DATA", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
        put("m", data="mnist")
        found = held_out.images_for(cards("m")[0])
        np.testing.assert_array_equal(found.x, load_dataset("mnist5k").test.x.numpy())
        assert found.real and "mnist5k" in found.about

    def test_else_decodes_stand_in_and_say_so(self, put):
        put("m", data="my photos")
        found = held_out.images_for(cards("m")[0])
        wanted = registry.load("m").model.decode(registry.load("m").held_out.codes).numpy()
        np.testing.assert_allclose(found.x / 255, wanted, atol=0.5 / 255 + 1e-6)
        assert not found.real and "stand in for them" in found.about

"""The checkpoints that come with the project: what they claim, measured again where the data are at hand."""

from __future__ import annotations

import os
from functools import lru_cache

import numpy as np
import pytest
import torch

from vae_core import TrainConfig, checkpoint, load_dataset
from vae_core.checkpoint import registry
from vae_core.metrics import per_image
from vae_core.metrics.table import METRICS
from vae_core.recipes import RECIPES

FILES = {p.stem: p for p in sorted(registry.SHIPPED.glob("*.safetensors"))}
MEGABYTES = 60
IMAGES, DRAWS = 500, 2000
"""Held-out images that are measured again, and draws of codes: of many draws an image, fewer images have theirs drawn."""
BARS = {
    ("mnist-vae-2", "negative_elbo"): 135.0,
    ("mnist-vae-16", "negative_elbo"): 90.0,
    ("mnist-vae-32-binary", "iwae_nll"): 82.0,
}


@lru_cache(1)
def images(name: str):
    """A data set; the files come sorted by theirs."""
    return load_dataset(name)


@pytest.fixture(scope="module", params=FILES)
def shipped(request):
    return request.param, checkpoint.load(FILES[request.param])


def test_every_file_is_of_a_recipe_and_all_together_are_small():
    assert FILES and set(FILES) <= set(RECIPES)
    assert sum(p.stat().st_size for p in FILES.values()) <= MEGABYTES * 1e6


def test_it_is_what_its_recipe_says(shipped):
    name, loaded = shipped
    recipe = RECIPES[name]
    assert loaded.config == recipe.model and loaded.title == recipe.title and loaded.data["name"] == recipe.data
    # A file from before a field of TrainConfig was added means its default.
    assert TrainConfig.from_json(loaded.training["config"]) == recipe.train and loaded.training["reason"] == "done"
    assert len(loaded.training["curve"]) >= 5


def test_its_held_out_images_agree_with_its_figures(shipped):
    _, loaded = shipped
    held_out, metrics = loaded.held_out, loaded.metrics
    assert len(held_out.codes) == metrics["n"]
    assert held_out.distortion.mean().item() == pytest.approx(metrics["distortion"], rel=2e-3)
    if loaded.config.observation.images:
        assert held_out.mse.mean().item() == pytest.approx(metrics["mse"], rel=2e-3)
    if metrics["rate"] is not None:
        assert held_out.rate.mean().item() == pytest.approx(metrics["rate"], rel=2e-3)
        assert sum(metrics["rate_by_group"]) == pytest.approx(metrics["rate"], rel=1e-3)
        assert metrics["negative_elbo"] == pytest.approx(metrics["distortion"] + metrics["rate"], rel=1e-9)


def test_its_last_decimals_are_known(shipped):
    """Draws are averaged until the standard error is below the last decimal of the table, or 64 times."""
    _, loaded = shipped
    metrics = loaded.metrics
    if "samples" not in metrics:
        pytest.skip("it has not been measured anew yet")
    errors = {name: metrics[f"{name}_se"] for name in ("distortion", "rate", "negative_elbo")}
    known = all((error or 0) < 10.0 ** -METRICS[name].decimals for name, error in errors.items())
    if not loaded.model.noise:
        assert metrics["samples"] == 1 and errors["distortion"] == 0
    else:
        assert (16 <= metrics["samples"] < 64 and known) or metrics["samples"] == 64


def test_it_draws_observations(shipped):
    _, loaded = shipped
    if not loaded.config.observation.images:
        texts = loaded.model.modelled.texts(loaded.model.sample(50).tolist())
        assert len(set(texts)) > 40 and all(2 <= len(text) <= 15 for text in texts)
        return
    for sampler in (None, loaded.codes):
        images = loaded.model.sample(4, sampler)
        assert images.shape == (4, *loaded.config.image) and images.min() >= 0 and images.max() <= 1
        assert images.flatten(1).std(1).min() > 0.01


@pytest.mark.parametrize(("name", "figure"), BARS)
def test_it_is_as_good_as_it_has_to_be(name, figure):
    if name not in FILES:
        pytest.skip(f"{name} has not been trained yet")
    assert checkpoint.read_header(FILES[name])["metrics"][figure] <= BARS[name, figure]


@pytest.mark.slow
def test_its_figures_are_found_again(shipped):
    _, loaded = shipped
    if not os.environ.get("VAE_DATA") and loaded.data["name"] != "shapes":
        pytest.skip("VAE_DATA names no folder of full data sets")
    data = images(loaded.data["name"])
    assert data.fingerprint == loaded.data["fingerprint"]
    # A file from before draws were averaged has the figures of one.
    samples = loaded.metrics.get("samples", 1)
    seen, known = per_image(loaded.model, data.test.first(IMAGES), samples=1), loaded.held_out
    torch.testing.assert_close(seen.mean, known.codes[:IMAGES], atol=2e-3, rtol=2e-3)
    if known.mse is not None:
        torch.testing.assert_close(seen.likeness["mse"], known.mse[:IMAGES], atol=1e-5, rtol=1e-3)
    # The noise of an image does not depend on how many images come after it.
    count = min(IMAGES, DRAWS // samples)
    if samples > 1:
        seen = per_image(loaded.model, data.test.first(count), samples=samples)
    torch.testing.assert_close(seen.distortion.float(), known.distortion[:count], atol=0.05, rtol=1e-4)
    if known.rate is not None:
        torch.testing.assert_close(seen.rate.float(), known.rate[:count], atol=0.01, rtol=1e-4)


@pytest.mark.skipif("mnist-vae-2" not in FILES, reason="mnist-vae-2 has not been trained yet")
@pytest.mark.slow
def test_offline_the_5000_digits_are_a_true_hold_out():
    """They cost about what the test images cost; a model trained on them would know them better."""
    five = load_dataset("mnist5k")
    x = torch.cat([five.train.x, five.validation.x, five.test.x])
    loaded = checkpoint.load(FILES["mnist-vae-2"])
    seen = per_image(loaded.model, x, samples=1)
    spread = np.hypot(loaded.held_out.distortion.std().item() / len(x) ** 0.5, 0.5)
    assert float((seen.distortion + seen.rate).mean()) > loaded.metrics["negative_elbo"] - 4 * spread

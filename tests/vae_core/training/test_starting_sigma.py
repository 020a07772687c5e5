"""A learned sigma starts at the error of a linear model with a code of the same size."""

from __future__ import annotations

import pytest
import torch
from sklearn.decomposition import PCA

from vae_core.data import load_dataset
from vae_core.training.starting_sigma import LEAST, MOST, MOST_IMAGES, starting_sigma


@pytest.mark.parametrize("latent", [2, 16])
def test_it_is_the_error_of_components_of_other_images(latent):
    x = load_dataset("digits").train.x[:MOST_IMAGES]
    flat = x.flatten(1).numpy() / 255
    pca, others = PCA(latent).fit(flat[::2]), flat[1::2]
    error = ((pca.inverse_transform(pca.transform(others)) - others) ** 2).mean() ** 0.5
    assert starting_sigma(x, latent) == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize("latent", [16, 64])
def test_a_code_as_large_as_the_set_of_images_does_not_make_it_vanish(latent):
    # The images themselves could be rebuilt without an error from so many of their components.
    x = load_dataset("digits").train.x[:32]
    assert starting_sigma(x, latent) > 0.1


def test_it_stays_within_what_a_likelihood_takes():
    same = torch.full((20, 3, 8, 8), 128, dtype=torch.uint8)
    assert starting_sigma(same, 2) == LEAST
    assert starting_sigma(same[:1], 64) == LEAST
    extremes = 255 * torch.randint(0, 2, (300, 3, 8, 8), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    assert 0.4 < starting_sigma(extremes, 1) <= MOST


def test_images_are_read_from_the_whole_set():
    dark, light = (torch.full((2000, 1, 8, 8), value, dtype=torch.uint8) for value in (0, 255))
    noise = torch.randint(0, 40, (4000, 1, 8, 8), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    both = torch.cat([dark + noise[:2000], light - noise[2000:]])
    # One component tells dark from light; a sample of the dark half alone would have found less to tell.
    assert starting_sigma(both, 0) > 5 * starting_sigma(both, 1)

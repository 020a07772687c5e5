"""Maps of held-out codes: at once, from the disk, or from a worker."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.services import models, projections
from vae_core.checkpoint import registry
from vae_core.projection import Projection, project

PARAMETERS = {"perplexity": 5.0}


@pytest.fixture
def card(put):
    put("m", latent=3, codes=60)
    return models.registry().card("m")


def test_principal_components_take_no_worker(card):
    found = projections.find(card, "pca", {})
    np.testing.assert_array_equal(found.points, project(registry.load("m").held_out.codes.numpy()).points)


def test_another_is_absent_then_drawn_by_a_worker_then_read(card, until):
    wait = projections.find(card, "tsne", PARAMETERS)
    assert wait.state == "absent" and wait.job is None
    projections.start(card, "tsne", PARAMETERS)
    wait = projections.find(card, "tsne", PARAMETERS)
    if not isinstance(wait, Projection):
        until(wait.job, "done")
    found = projections.find(card, "tsne", PARAMETERS)
    assert isinstance(found, Projection) and found.points.shape == (60, 2) and np.isfinite(found.points).all()
    # The second visit reads the same.
    np.testing.assert_array_equal(projections.find(card, "tsne", PARAMETERS).points, found.points)


def test_a_model_without_codes_has_no_map(put):
    put("m", held_out=False)
    with pytest.raises(ValueError, match="no codes of held-out images"):
        projections.find(models.registry().card("m"), "pca", {})


def test_a_map_of_codes_of_a_codebook_is_that_of_their_vectors(put):
    put("m", "vq-vae", codes=60)
    checkpoint = registry.load("m")
    vectors = checkpoint.model.posterior.vectors(checkpoint.held_out.codes).detach().movedim(1, -1).flatten(1)
    found = projections.find(models.registry().card("m"), "pca", {})
    np.testing.assert_array_equal(found.points, project(vectors.numpy()).points)

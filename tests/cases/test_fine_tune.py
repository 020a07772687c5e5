"""A .zip of pictures in Fine-tune, with the page's defaults, from the shipped mnist-vae-2."""

from __future__ import annotations

import case_inputs
import pytest

from explorer.services import fine_tuning, models, runs, uploads
from vae_core.data.own_images import own_images
from vae_core.metrics import evaluate

pytestmark = pytest.mark.slow

STEPS = 100
"""A third of the steps that 20 seconds hold on one core of a loaded computer."""


def test_300_classes_are_fine_tuned_on_and_kept(fine_tuned):
    run = fine_tuned("mnist-vae-2", "classes300.zip", case_inputs.classes300(), 5)
    name = fine_tuning.keep(run, fine_tuning.free_name(run))
    kept = models.load(name)
    assert kept.data["classes"] == [f"person_{k:03d}" for k in range(300)] and kept.data["title"] == "classes300"
    assert kept.held_out.labels.max() > 255 and kept.training["steps"] == 5


def test_polygons_are_rebuilt_better_than_before(fine_tuned, folder):
    files = case_inputs.polygons400()
    run = fine_tuned("mnist-vae-2", "polygons400.zip", files, STEPS)
    before, after = models.load("mnist-vae-2").model, runs.result(run).model
    assert run.validation[0].step == 0

    preparation = uploads.default_preparation(models.registry().card("mnist-vae-2"))
    data = own_images(folder("polygons400", files), image=before.config.image, preparation=preparation)
    assert min(len(data.validation), len(data.test)) >= 30
    losses = [evaluate(model, data.validation.x, samples=4)["negative_elbo"] for model in (before, after)]
    assert losses[1] <= losses[0]
    distortions = [evaluate(model, data.test.x, samples=4)["distortion"] for model in (before, after)]
    assert distortions[1] <= 0.75 * distortions[0]
    # They are the figures that the page shows.
    assert [run.before["distortion"], runs.result(run).metrics["distortion"]] == pytest.approx(distortions, rel=1e-3)


def test_copies_are_counted_and_folded(fine_tuned):
    run = fine_tuned("mnist-vae-2", "mostly_copies240.zip", case_inputs.mostly_copies240(), 5)
    assert run.refused == 204
    assert run.refused_lines == ["204 files are copies of others (copies/036.png, copies/037.png, copies/038.png, ...)"]
    assert run.about.startswith("36 grey images of your own at 28x28 ") and "204 files were not used" in run.about

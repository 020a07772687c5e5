"""The caption of the map's gallery."""

from __future__ import annotations

import pytest

SHOWN = "it.caption(chosen, { decodes, noun: 'image', hasOriginal: (i) => i < originals }, absent)"
ABSENT = "The MNIST on this computer is not the data set that VAE was trained on."


@pytest.mark.parametrize(
    ("chosen", "originals", "absent", "said"),
    [
        ([3], 50, "", "1 image: the original on the left, the reconstruction on the right"),
        ([3, 60], 50, "", "2 images: the original on the left, the reconstruction on the right"),
        ([60, 70], 50, "", "2 images: reconstructions only. The map has the pixels of other images only."),
        ([3], 0, ABSENT, f"1 image: reconstructions only. {ABSENT}"),
        (list(range(1200)), 0, ABSENT, f"1,200 images: reconstructions only. {ABSENT}"),
    ],
)
def test_it_says_why_only_reconstructions_are_shown(chosen, originals, absent, said, evaluate):
    found = evaluate(
        "point_map/gallery.js", f"{{ return {SHOWN}; }}", chosen=chosen, originals=originals, absent=absent, decodes=True
    )
    assert found == said


@pytest.mark.parametrize(("originals", "said"), [(50, "1 image."), (0, "1 image, which cannot be shown.")])
def test_it_says_that_a_model_without_a_program_has_no_reconstructions(originals, said, evaluate):
    found = evaluate(
        "point_map/gallery.js", f"{{ return {SHOWN}; }}", chosen=[3], originals=originals, absent="", decodes=False
    )
    assert found == f"{said} This page cannot run the model's decoder, so there are no reconstructions."

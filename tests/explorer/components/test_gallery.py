"""What the map's gallery says of the images that it shows."""

from __future__ import annotations

import pytest

SHOWN = "it.shownOf(chosen, { hasOriginal: (i) => i < originals }, absent)"
ABSENT = "The MNIST on this computer is not the data set that VAE was trained on."


@pytest.mark.parametrize(
    ("chosen", "originals", "absent", "said"),
    [
        ([3], 50, "", "1 image: left as it is, right as rebuilt from its code"),
        ([3, 60], 50, "", "2 images: left as it is, right as rebuilt from its code"),
        ([60, 70], 50, "", "2 images, as rebuilt from their codes. The map holds the pixels of other images only."),
        ([3], 0, ABSENT, f"1 image, as rebuilt from its code. {ABSENT}"),
        (list(range(1200)), 0, ABSENT, f"1,200 images, as rebuilt from their codes. {ABSENT}"),
    ],
)
def test_it_says_why_only_reconstructions_are_shown(chosen, originals, absent, said, evaluate):
    found = evaluate("point_map/gallery.js", f"{{ return {SHOWN}; }}", chosen=chosen, originals=originals, absent=absent)
    assert found == said

"""What is derived from the codes of held-out images."""

from __future__ import annotations

import numpy as np

from explorer.services import codes, models


def test_dimensions_are_ordered_by_kl_or_by_variance(put):
    put("kl", latent=4, metrics={"rate_by_group": [0.1, 3.0, 0.2, 2.0]})
    put("plain", "ae", latent=4)
    some = np.zeros((10, 4), np.float32)
    some[:, 2], some[:, 0] = np.arange(10), np.arange(10) / 2
    kl, plain = (models.registry().card(name) for name in ("kl", "plain"))
    assert codes.dimension_order(kl, some) == [1, 3, 2, 0]
    assert codes.dimension_order(plain, some) == [2, 0, 1, 3]
    assert codes.dimension_labels(kl)[1] == "z2 (rate 3.0 nats)" and codes.dimension_labels(plain)[1] == "z2"


def test_a_checkpoint_without_held_out_images_has_no_codes(put):
    put("m", latent=3, held_out=False)
    stored = codes.held_out_codes(models.registry().card("m"))
    assert stored.codes.shape == (0, 3) and stored.labels is None and stored.classes == ("a", "b", "c")

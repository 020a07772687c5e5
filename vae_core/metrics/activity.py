"""Which dimensions of a code say something about the image."""

from __future__ import annotations

from torch import Tensor

THRESHOLD = 0.01


def active_units(mean: Tensor, threshold: float = THRESHOLD) -> int:
    """The number of dimensions u with Var_x(E_q(u|x)[u]) > threshold (Burda, Grosse & Salakhutdinov 2016, section 5.2).

    `mean`: posterior means of N images, (N, d). The threshold is meant for codes that a unit prior holds to its scale; those
    of a plain autoencoder have no scale.
    """
    return int((mean.double().var(0, correction=0) > threshold).sum())

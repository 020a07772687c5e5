"""Counts of the dimensions and of the values of codes that are in use."""

from __future__ import annotations

import torch
from torch import Tensor

THRESHOLD = 0.01


def active_units(mean: Tensor, threshold: float = THRESHOLD) -> int:
    """The number of dimensions u with Var_x(E_q(u|x)[u]) > threshold (Burda, Grosse & Salakhutdinov 2016, section 5.2).

    `mean`: posterior means of N images, (N, d). The threshold is meant for codes that a unit prior holds to its scale; those
    of a plain autoencoder have no scale.
    """
    return int((mean.double().var(0, correction=0) > threshold).sum())


def perplexity(codes: Tensor) -> float:
    """exp(H) for the entropy H, in nats, of the codes at all places of N grids, integers (N, h, w).

    It is the number of codes of the codebook where all are used alike, and 1 where all places have one code.
    """
    shares = codes.flatten().bincount().double() / codes.numel()
    return float(torch.exp(torch.special.entr(shares).sum()))

"""Pixels that are independent Bernoulli variables."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.batch import Noise
from vae_core.config import ImageField
from vae_core.models.likelihoods.base import Likelihood, summed
from vae_core.specs import NoiseSpec


class Bernoulli(Likelihood):
    """Independent Bernoulli pixels; raw output is their logits (Kingma & Welling 2014, appendix C.1).

    A density only on binary pixels. On grey pixels -log_prob is the cross-entropy of the grey value with the mean, where a
    lower value is still better, and which no figure of another likelihood may be compared with.
    """

    raw_channels = 1

    def __init__(self, image: ImageField, binarize: bool = False):
        super().__init__()
        self.binarize = binarize
        self.noise = (NoiseSpec("pixels", image.shape, "uniform"),) if binarize else ()

    def target(self, x: Tensor, noise: Noise) -> Tensor:
        """With `binarize`, each pixel is 1 with its grey value as probability. Raises ValueError where noise is missing."""
        if not self.binarize:
            return x
        if "pixels" not in noise:
            raise ValueError("Binarised pixels are drawn: pass uniform noise of the shape of the images.")
        return (noise["pixels"] < x).to(x.dtype)

    def log_prob(self, raw: Tensor, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Minus the cross-entropy of the pixels with their mean, (B,), nats."""
        return -summed(F.binary_cross_entropy_with_logits(raw.float(), x.float(), reduction="none"), observed)

    def representative(self, raw: Tensor) -> Tensor:
        """The mean: the sigmoid of the logits."""
        return torch.sigmoid(raw.float())

    def sample(self, raw: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Binary pixels."""
        return torch.bernoulli(self.representative(raw), generator=generator)

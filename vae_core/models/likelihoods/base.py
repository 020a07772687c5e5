"""The interface of p(x|z)."""

from __future__ import annotations

import abc

import torch
from torch import Tensor, nn

from vae_core.batch import Noise
from vae_core.specs import NoiseSpec


class Likelihood(nn.Module, abc.ABC):
    """A distribution over one field of an observation, given the decoder's raw output.

    For images, raw output has shape (B, raw_channels * C, H, W), and images are float32 in [0, 1], (B, C, H, W). For texts, raw
    output has shape (B, length, raw_channels), and tokens are int64 (B, length). Log-densities
    are in nats, summed over the entries of one observation, and computed in float32 whatever the decoder ran in.
    """

    raw_channels: int
    """Raw parameters of each entry: raw channels for each channel of an image, or logits of each token."""
    noise: tuple[NoiseSpec, ...]
    """Random numbers that `target` reads."""

    @abc.abstractmethod
    def target(self, x: Tensor, noise: Noise) -> Tensor:
        """The values that are encoded and scored for observations x: x itself, unless they are drawn anew at every use."""

    @abc.abstractmethod
    def log_prob(self, raw: Tensor, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """The log density, (B,), nats, with its normaliser, summed over entries that are True in `observed`, or over all."""

    @abc.abstractmethod
    def representative(self, raw: Tensor) -> Tensor:
        """The observation that stands for p(x|z), in the shape of x: E[x|z] of an image, the likeliest tokens of a text."""

    @abc.abstractmethod
    def sample(self, raw: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """One draw from p(x|z), in the shape of x."""


def summed(values: Tensor, observed: Tensor | None) -> Tensor:
    """The sum over all entries of each observation, or over those that were observed: (B, ...) to (B,)."""
    if observed is not None:
        values = torch.where(observed, values, 0.0)
    return values.flatten(1).sum(1)

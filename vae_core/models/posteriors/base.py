"""The interface of q(z|x)."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from vae_core.batch import Noise
from vae_core.models.spaces import Space
from vae_core.specs import NoiseSpec


@dataclass(frozen=True, eq=False)
class Draw:
    """One code for each observation."""

    z: Tensor
    """Codes, (B, *shape of the group)."""
    log_prob: Tensor | None = None
    """log q(z|x), (B,), nats; None where q has no density."""
    terms: Mapping[str, Tensor] = field(default_factory=dict)
    """Further terms of the loss, by name: (B,), nats."""


class Posterior(nn.Module, abc.ABC):
    """A family of distributions over the codes of one group, one member for each row of raw parameters (B, raw_size)."""

    raw_size: int
    """Number of raw parameters of one observation, which the encoder gives."""
    noise: tuple[NoiseSpec, ...]
    """Random numbers that `draw` reads; none where a code is a function of its observation."""
    space: Space
    """Geometry of the codes."""

    @abc.abstractmethod
    def draw(self, raw: Tensor, noise: Noise) -> Draw:
        """One code for each row. Raises ValueError where noise is missing."""

    @abc.abstractmethod
    def mean(self, raw: Tensor) -> Tensor:
        """The code that stands for the observation, (B, *shape of the group)."""

    @abc.abstractmethod
    def scale(self, raw: Tensor) -> Tensor | None:
        """Standard deviation of each dimension, (B, d), or None for a posterior that has none."""

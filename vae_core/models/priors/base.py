"""The interface of p(z)."""

from __future__ import annotations

import abc

import torch
from torch import Tensor, nn


class Prior(nn.Module, abc.ABC):
    """A distribution over the codes of one group, under a condition (B, k) where the model has one."""

    @abc.abstractmethod
    def log_prob(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """log p(z): (B,), nats."""

    @abc.abstractmethod
    def sample(self, n: int, generator: torch.Generator | None = None, condition: Tensor | None = None) -> Tensor:
        """n codes, (n, *shape of the group), on the CPU."""

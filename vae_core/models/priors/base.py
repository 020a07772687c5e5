"""The interface of p(z)."""

from __future__ import annotations

import abc

import torch
from torch import Tensor, nn

from vae_core.batch import Noise
from vae_core.specs import NoiseSpec


class Prior(nn.Module, abc.ABC):
    """A distribution over the codes of one group, under a condition (B, k) where the model has one."""

    noise: tuple[NoiseSpec, ...]
    """Random numbers that `draw` reads for each code."""

    @abc.abstractmethod
    def log_prob(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """The log density of codes, log p(z): (B,), nats."""

    @abc.abstractmethod
    def draw(self, noise: Noise, condition: Tensor | None = None) -> Tensor:
        """Codes as a function of noise, through which gradients flow: (B, *shape of the group)."""

    def sample(self, n: int, generator: torch.Generator | None = None, condition: Tensor | None = None) -> Tensor:
        """Draws n codes, (n, *shape of the group), on the CPU, from numbers that a generator of the CPU draws."""
        device = next((p.device for p in self.parameters()), torch.device("cpu"))
        with torch.no_grad():
            return self.draw({spec.name: spec.draw(n, generator).to(device) for spec in self.noise}, condition).cpu()

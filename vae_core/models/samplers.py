"""Samplers of codes: distributions to draw from where no observation is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Sampler(Protocol):
    """A distribution of codes. Every prior is one."""

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n codes, (n, *shape of the group), on the CPU."""
        ...


@dataclass(frozen=True, eq=False)
class FittedGaussian:
    """A Gaussian with the mean and covariance of the codes of training data (Ghosh et al. 2020, section 4)."""

    mean: Tensor
    """Mean of the codes, float32 (d,)."""
    covariance: Tensor
    """Covariance of the codes, float32 (d, d)."""

    @classmethod
    def fit(cls, codes: Tensor) -> FittedGaussian:
        """The Gaussian of codes (N, d). Raises ValueError for fewer than 2."""
        if len(codes) < 2:
            raise ValueError(f"A Gaussian is fitted to at least 2 codes, not to {len(codes)}.")
        codes = codes.double()
        return cls(codes.mean(0).float(), torch.cov(codes.T).reshape(codes.shape[1], codes.shape[1]).float())

    @property
    def root(self) -> Tensor:
        """A root R of the covariance, so that `mean + R @ noise` has it for standard normal noise: float64 (d, d)."""
        values, vectors = torch.linalg.eigh(self.covariance.double())
        return vectors * values.clamp(min=0).sqrt()

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n codes, float32 (n, d), on the CPU."""
        noise = torch.randn(n, len(self.mean), generator=generator, dtype=torch.float64)
        return (self.mean.double() + noise @ self.root.T).float()

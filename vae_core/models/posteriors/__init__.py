"""q(z|x): from the encoder's raw output to codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vae_core.config import (
    DeterministicConfig,
    DiagonalGaussianConfig,
    FullGaussianConfig,
    GridConfig,
    PosteriorConfig,
    VectorQuantizedConfig,
    VonMisesFisherConfig,
)
from vae_core.models.posteriors.base import Draw, Posterior
from vae_core.models.posteriors.deterministic import Deterministic
from vae_core.models.posteriors.diagonal_gaussian import DiagonalGaussian
from vae_core.models.posteriors.full_gaussian import FullGaussian
from vae_core.models.posteriors.vector_quantized import VectorQuantized
from vae_core.models.posteriors.von_mises_fisher import VonMisesFisher

POSTERIORS: dict[type[PosteriorConfig], Callable[[Any, Any], Posterior]] = {
    DeterministicConfig: lambda config, latent: Deterministic(latent),
    DiagonalGaussianConfig: lambda config, latent: DiagonalGaussian(latent),
    FullGaussianConfig: lambda config, latent: FullGaussian(latent),
    VonMisesFisherConfig: lambda config, latent: VonMisesFisher(latent, config.kappa),
    VectorQuantizedConfig: VectorQuantized,
}


def build_posterior(config: PosteriorConfig, latent: int | GridConfig) -> Posterior:
    """The posterior of a configuration, over codes of `latent` dimensions or of a grid."""
    return POSTERIORS[type(config)](config, latent)


__all__ = [
    "POSTERIORS",
    "Deterministic",
    "DiagonalGaussian",
    "Draw",
    "FullGaussian",
    "Posterior",
    "VectorQuantized",
    "VonMisesFisher",
    "build_posterior",
]

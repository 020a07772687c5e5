"""p(z): the distribution that codes are drawn from when no observation is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vae_core.config import (
    GridConfig,
    PriorConfig,
    RealNVPConfig,
    StandardNormalConfig,
    UniformCodesConfig,
    UniformSphereConfig,
)
from vae_core.models.priors.base import Prior
from vae_core.models.priors.conditional_normal import ConditionalNormal
from vae_core.models.priors.realnvp import RealNVP
from vae_core.models.priors.standard_normal import StandardNormal
from vae_core.models.priors.uniform_codes import UniformCodes
from vae_core.models.priors.uniform_sphere import UniformSphere

PRIORS: dict[type[PriorConfig], Callable[[Any, Any], Prior]] = {
    StandardNormalConfig: lambda config, latent: StandardNormal(latent),
    RealNVPConfig: RealNVP,
    UniformSphereConfig: lambda config, latent: UniformSphere(latent),
    UniformCodesConfig: lambda config, grid: UniformCodes(grid),
}


def build_prior(config: PriorConfig, latent: int | GridConfig) -> Prior:
    """The prior of a configuration, over codes of `latent` dimensions or of a grid."""
    return PRIORS[type(config)](config, latent)


__all__ = [
    "PRIORS",
    "ConditionalNormal",
    "Prior",
    "RealNVP",
    "StandardNormal",
    "UniformCodes",
    "UniformSphere",
    "build_prior",
]

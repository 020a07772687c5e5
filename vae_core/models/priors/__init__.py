"""p(z): the distribution that codes are drawn from when no observation is given."""

from vae_core.config import PriorConfig
from vae_core.models.priors.base import Prior
from vae_core.models.priors.standard_normal import StandardNormal

PRIORS = {"normal": StandardNormal}


def build_prior(config: PriorConfig, latent: int) -> Prior:
    """The prior of a configuration, over codes of `latent` dimensions."""
    return PRIORS[config.kind](latent)


__all__ = ["PRIORS", "Prior", "StandardNormal", "build_prior"]

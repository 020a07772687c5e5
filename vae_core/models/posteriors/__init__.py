"""q(z|x): from the encoder's raw output to codes."""

from vae_core.config import PosteriorConfig
from vae_core.models.posteriors.base import Draw, Posterior
from vae_core.models.posteriors.deterministic import Deterministic
from vae_core.models.posteriors.diagonal_gaussian import DiagonalGaussian

POSTERIORS = {"deterministic": Deterministic, "gaussian": DiagonalGaussian}


def build_posterior(config: PosteriorConfig, latent: int) -> Posterior:
    """The posterior of a configuration, over codes of `latent` dimensions."""
    return POSTERIORS[config.kind](latent)


__all__ = ["POSTERIORS", "Deterministic", "DiagonalGaussian", "Draw", "Posterior", "build_posterior"]

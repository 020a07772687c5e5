"""q(z|x): what an encoder says of the code of an observation."""

from __future__ import annotations

from typing import ClassVar

from vae_core.config.base import Config


class PosteriorConfig(Config, axis=True):
    """A family of distributions over codes."""

    has_density: ClassVar[bool]
    """True if log q(z|x) is defined. Without it there is no rate and no ELBO."""
    is_independent: ClassVar[bool] = True
    """True if the dimensions of a code are independent of one another, given its observation."""


class DeterministicConfig(PosteriorConfig, kind="deterministic"):
    """A code that is a point, as in a plain autoencoder."""

    has_density = False


class DiagonalGaussianConfig(PosteriorConfig, kind="gaussian"):
    """A Gaussian whose dimensions are independent."""

    has_density = True


class FullGaussianConfig(PosteriorConfig, kind="gaussian-full"):
    """A Gaussian with a full covariance matrix."""

    has_density = True
    is_independent = False

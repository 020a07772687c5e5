"""q(z|x): what an encoder says of the code of an observation."""

from __future__ import annotations

import abc
from typing import Annotated, ClassVar

from vae_core.config.base import Config
from vae_core.config.constraints import Range


class PosteriorConfig(Config, axis=True):
    """A family of distributions over codes."""

    has_density: ClassVar[bool]
    """True if log q(z|x) is defined. Without it there is no rate and no ELBO."""
    is_independent: ClassVar[bool] = True
    """True if the dimensions of a code are independent of one another, given its observation."""
    is_random: ClassVar[bool] = True
    """True if two draws of the code of one observation differ."""
    is_continuous: ClassVar[bool] = True
    """True if codes are points of a continuous space. Integer codes have nothing between them."""
    has_constant_rate: ClassVar[bool] = False
    """True if the rate is the same number for every observation, so that no weight of it changes the training."""
    space: ClassVar[str] = "euclidean"
    """Kind of the space that codes live in: a `kind` of `vae_core.models.spaces`."""
    least_latent: ClassVar[int] = 1
    """Smallest number of dimensions of a code."""
    terms: ClassVar[tuple[str, ...]] = ()
    """Names of terms that the posterior adds to the loss, without which some of its parameters do not train."""

    @property
    @abc.abstractmethod
    def title(self) -> str:
        """The name of the posterior on screen, with what tells it from others of its kind."""


class DeterministicConfig(PosteriorConfig, kind="deterministic"):
    """A code that is a point, as in a plain autoencoder."""

    has_density = False
    is_random = False

    @property
    def title(self) -> str:
        """The absence of noise."""
        return "no noise"


class DiagonalGaussianConfig(PosteriorConfig, kind="gaussian"):
    """A Gaussian whose dimensions are independent."""

    has_density = True

    @property
    def title(self) -> str:
        """Gaussian, which means independent dimensions where nothing else is said."""
        return "Gaussian"


class FullGaussianConfig(PosteriorConfig, kind="gaussian-full"):
    """A Gaussian with a full covariance matrix."""

    has_density = True
    is_independent = False

    @property
    def title(self) -> str:
        """Gaussian, with its kind of covariance."""
        return "Gaussian, full covariance"


class VonMisesFisherConfig(PosteriorConfig, kind="von-mises-fisher"):
    """A von Mises-Fisher distribution on the unit sphere, around a mean direction."""

    has_density = True
    has_constant_rate = True
    space = "sphere"
    least_latent = 2

    kappa: Annotated[float, Range(0, 1e4, without_low=True)] = 100.0
    """Concentration around the mean direction, the same for every observation; the larger it is, the smaller the cap."""

    @property
    def title(self) -> str:
        """The name of the distribution, with its concentration."""
        return f"von Mises-Fisher, concentration {self.kappa:g}"


class VectorQuantizedConfig(PosteriorConfig, kind="vector-quantized"):
    """The codes whose vectors are nearest to the encoder's output, in a codebook that is trained with the model."""

    has_density = True
    is_random = False
    is_continuous = False
    has_constant_rate = True
    space = "codebook"
    terms = ("codebook", "commitment")

    code_width: Annotated[int, Range(1, 256)] = 16
    """Numbers of the vector of each code."""

    @property
    def title(self) -> str:
        """The rule by which a code is chosen, with the size of its vector."""
        return f"nearest vectors of {self.code_width} numbers"

"""p(x|z): the distribution of an observation around what the decoder gives."""

from __future__ import annotations

import abc
from typing import Annotated, ClassVar

from vae_core.config.base import Config
from vae_core.config.constraints import Range

Sigma = Annotated[float, Range(1e-3, 10)]


class LikelihoodConfig(Config, axis=True):
    """A family of distributions over observations."""

    field: ClassVar[str] = "image"
    """Kind of the field that it is a distribution of."""

    @property
    @abc.abstractmethod
    def title(self) -> str:
        """The name of the likelihood on screen, with what tells it from others of its kind."""

    @property
    @abc.abstractmethod
    def scale(self) -> str:
        """The meaning of a figure in nats under this likelihood: only figures of one scale may share an axis."""


class BernoulliConfig(LikelihoodConfig, kind="bernoulli"):
    """Pixels that are independent Bernoulli variables."""

    binarize: bool = False
    """Every time an image is used, each pixel is drawn as 1 with its grey value as probability."""

    @property
    def title(self) -> str:
        """Bernoulli, with the kind of pixels."""
        return "Bernoulli, binary pixels" if self.binarize else "Bernoulli, grey pixels"

    @property
    def scale(self) -> str:
        """A density of binary pixels, or a cross-entropy of grey ones, which is none."""
        return "Bernoulli, binary pixels" if self.binarize else "Bernoulli cross-entropy, grey pixels"


class GaussianConfig(LikelihoodConfig, kind="gaussian"):
    """Pixels that are independent Gaussian variables of one fixed standard deviation."""

    sigma: Sigma = 0.1
    """Standard deviation of a pixel, in units of the range [0, 1]."""

    @property
    def title(self) -> str:
        """Gaussian, with its sigma."""
        return f"Gaussian, sigma {self.sigma:g}"

    @property
    def scale(self) -> str:
        """A density, which models of another sigma share."""
        return "Gaussian density"


class LearnedGaussianConfig(LikelihoodConfig, kind="gaussian-learned"):
    """Pixels that are independent Gaussian variables of one standard deviation, which is learned."""

    sigma: Sigma = 0.1
    """Standard deviation of a pixel with which training begins, in units of the range [0, 1]."""

    @property
    def title(self) -> str:
        """Gaussian, whatever sigma has become."""
        return "Gaussian, learned sigma"

    @property
    def scale(self) -> str:
        """A density, which models of a fixed sigma share."""
        return "Gaussian density"


class CategoricalConfig(LikelihoodConfig, kind="categorical"):
    """Tokens, each one of the vocabulary and an end, up to the end of the text."""

    field = "tokens"

    @property
    def title(self) -> str:
        """The name of the likelihood."""
        return "Categorical, tokens"

    @property
    def scale(self) -> str:
        """Probabilities of tokens, which are compared with those of tokens alone."""
        return "Categorical, tokens"

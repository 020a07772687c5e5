"""p(x|z): each likelihood owns the activation of the decoder's raw output, its normaliser, its mean and its samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vae_core.config import BernoulliConfig, GaussianConfig, ImageField, LearnedGaussianConfig, LikelihoodConfig
from vae_core.models.likelihoods.base import Likelihood
from vae_core.models.likelihoods.bernoulli import Bernoulli
from vae_core.models.likelihoods.gaussian import Gaussian

LIKELIHOODS: dict[type[LikelihoodConfig], Callable[[Any, ImageField], Likelihood]] = {
    BernoulliConfig: lambda config, image: Bernoulli(image, config.binarize),
    GaussianConfig: lambda config, image: Gaussian(config.sigma),
    LearnedGaussianConfig: lambda config, image: Gaussian(config.sigma, learned=True),
}


def build_likelihood(config: LikelihoodConfig, image: ImageField) -> Likelihood:
    """The likelihood of a configuration, for images of one shape."""
    return LIKELIHOODS[type(config)](config, image)


__all__ = ["LIKELIHOODS", "Bernoulli", "Gaussian", "Likelihood", "build_likelihood"]

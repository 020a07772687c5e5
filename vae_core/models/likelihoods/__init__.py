"""p(x|z): each likelihood owns the activation of raw output, its normaliser, its representative and its samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vae_core.config import (
    BernoulliConfig,
    CategoricalConfig,
    FieldSpec,
    GaussianConfig,
    LearnedGaussianConfig,
    LikelihoodConfig,
)
from vae_core.models.likelihoods.base import Likelihood
from vae_core.models.likelihoods.bernoulli import Bernoulli
from vae_core.models.likelihoods.categorical import Categorical
from vae_core.models.likelihoods.gaussian import Gaussian

LIKELIHOODS: dict[type[LikelihoodConfig], Callable[[Any, Any], Likelihood]] = {
    BernoulliConfig: lambda config, image: Bernoulli(image, config.binarize),
    GaussianConfig: lambda config, image: Gaussian(config.sigma),
    LearnedGaussianConfig: lambda config, image: Gaussian(config.sigma, learned=True),
    CategoricalConfig: lambda config, text: Categorical(text),
}


def build_likelihood(config: LikelihoodConfig, field: FieldSpec) -> Likelihood:
    """The likelihood of a configuration, for one field."""
    return LIKELIHOODS[type(config)](config, field)


__all__ = ["LIKELIHOODS", "Bernoulli", "Categorical", "Gaussian", "Likelihood", "build_likelihood"]

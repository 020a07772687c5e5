"""p(x|z): each likelihood owns the activation of the decoder's raw output, its normaliser, its mean and its samples."""

from vae_core.config import LikelihoodConfig
from vae_core.models.likelihoods.base import Likelihood
from vae_core.models.likelihoods.bernoulli import Bernoulli
from vae_core.models.likelihoods.gaussian import Gaussian
from vae_core.specs import ImageField

LIKELIHOODS = {
    "bernoulli": lambda config, image: Bernoulli(image, config.binarize),
    "gaussian": lambda config, image: Gaussian(config.sigma),
    "gaussian-learned": lambda config, image: Gaussian(config.sigma, learned=True),
}


def build_likelihood(config: LikelihoodConfig, image: ImageField) -> Likelihood:
    """The likelihood of a configuration, for images of one shape."""
    return LIKELIHOODS[config.kind](config, image)


__all__ = ["LIKELIHOODS", "Bernoulli", "Gaussian", "Likelihood", "build_likelihood"]

"""A model: the observations that it is for, and its choice on each axis."""

from __future__ import annotations

import typing
from typing import Any

from vae_core.config.base import Config, ConfigError, require
from vae_core.config.likelihoods import BernoulliConfig, LikelihoodConfig
from vae_core.config.nets import NetConfig, ResidualConfig, halvings
from vae_core.config.objectives import ELBOConfig, ObjectiveConfig, ReconstructionConfig
from vae_core.config.observations import ObservationSpec, image_observation
from vae_core.config.posteriors import DiagonalGaussianConfig, PosteriorConfig
from vae_core.config.priors import PriorConfig, StandardNormalConfig
from vae_core.config.structures import FlatConfig, StructureConfig


def _image_is_large_enough(config: ModelConfig) -> None:
    for image in config.observation.images:
        smallest = min(image.height, image.width) >> halvings(config.net)
        if smallest < 2 and halvings(config.net):
            where = f"{type(config.net).__name__}.channels"
            require(False, where, config.net.to_json()["channels"], f"fewer for a {image.height} x {image.width} image")


def _rate_is_defined(config: ModelConfig) -> None:
    if config.objective.needs_rate and not config.posterior.has_density:
        objective, posterior = config.objective.kind, config.posterior.kind
        raise ConfigError(f"An objective of kind {objective!r} weighs a rate, which a {posterior} posterior does not have.")


def _spaces_agree(config: ModelConfig) -> None:
    found, wanted = config.posterior.space, config.prior.space
    if found != wanted:
        raise ConfigError(
            f"A {config.posterior.kind} posterior has codes in a space of kind {found!r}, and a {config.prior.kind} prior has "
            f"them in one of kind {wanted!r}; choose a posterior and a prior of one space."
        )


def _latent_is_large_enough(config: ModelConfig) -> None:
    for part in (config.posterior, config.prior):
        where = f"{type(config.structure).__name__}.latent"
        require(config.latent >= part.least_latent, where, config.latent, f"{part.least_latent} or more with {part.kind!r}")


class ModelConfig(Config):
    """One model: the observations that it is for, and its choice on each axis."""

    observation: ObservationSpec
    structure: StructureConfig
    net: NetConfig = ResidualConfig()
    posterior: PosteriorConfig = DiagonalGaussianConfig()
    prior: PriorConfig = StandardNormalConfig()
    likelihood: LikelihoodConfig = BernoulliConfig()
    objective: ObjectiveConfig = ELBOConfig()

    rules = (_image_is_large_enough, _rate_is_defined, _spaces_agree, _latent_is_large_enough)

    @classmethod
    def for_images(
        cls,
        image: tuple[int, int, int],
        latent: int,
        net: NetConfig | None = None,
        posterior: PosteriorConfig | None = None,
        objective: ObjectiveConfig | None = None,
        prior: PriorConfig | None = None,
        **axes: Any,
    ) -> typing.Self:
        """A model of images (C, H, W) with one code of `latent` dimensions.

        Without an objective it is trained on the ELBO, or on the distortion alone where the posterior has no rate; without a
        prior it has the plainest one of the posterior's space. Further `axes` are fields of this class. Raises ConfigError
        where the parts do not go together.
        """
        posterior = posterior or DiagonalGaussianConfig()
        objective = objective or (ELBOConfig() if posterior.has_density else ReconstructionConfig())
        prior = prior or PriorConfig.on(posterior.space)
        parts = {"net": net or ResidualConfig(), "posterior": posterior, "prior": prior, "objective": objective}
        return cls(image_observation(image), FlatConfig(latent), **parts, **axes)

    @property
    def image(self) -> tuple[int, int, int]:
        """Channels, height and width of the first field that is an image. Raises IndexError where none is."""
        return self.observation.images[0].shape

    @property
    def latent(self) -> int:
        """Dimensions of the code of a model whose latent is one vector. Raises AttributeError for other structures."""
        return typing.cast(FlatConfig, self.structure).latent

"""A model: the observations that it is for, and its choice on each axis."""

from __future__ import annotations

import math
import typing
from typing import Any

from vae_core.config.base import Config, ConfigError, require
from vae_core.config.likelihoods import BernoulliConfig, CategoricalConfig, LikelihoodConfig
from vae_core.config.nets import GRUConfig, NetConfig, ResidualConfig, halvings
from vae_core.config.objectives import ELBOConfig, ObjectiveConfig, ReconstructionConfig
from vae_core.config.observations import CategoryField, FieldSpec, ImageField, ObservationSpec, TokensField
from vae_core.config.posteriors import DiagonalGaussianConfig, PosteriorConfig
from vae_core.config.priors import PriorConfig, StandardNormalConfig
from vae_core.config.structures import FlatConfig, StructureConfig, grid_of


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


def _fields_are_modelled_or_given(config: ModelConfig) -> None:
    names = config.observation.names
    for name in config.given:
        if name not in names or config.given.count(name) > 1:
            raise ConfigError(f"A model is given {name!r}; it can be given each of {', '.join(names)} once.")
    modelled = [field for field in config.observation.fields if field.name not in config.given]
    given = [config.observation[name] for name in config.given]
    if not modelled:
        raise ConfigError("A model is given all fields of its observations; at least one has to be modelled.")
    if len(modelled) > 1 or not isinstance(modelled[0], ImageField | TokensField):
        fields = ", ".join(field.name for field in modelled)
        raise ConfigError(f"The fields {fields} are modelled; models have one image or one text.")
    if len(given) > 1 or not all(isinstance(field, CategoryField) for field in given):
        raise ConfigError(f"A model is given {', '.join(config.given)}; models are given one category, or nothing.")


def _parts_are_for_the_field(config: ModelConfig) -> None:
    structure = config.structure
    if structure.field not in ("", config.modelled.kind):
        raise ConfigError(
            f"A structure of kind {structure.kind!r} is for fields of kind {structure.field!r}, and the field "
            f"{config.modelled.name!r}, which is modelled, is of kind {config.modelled.kind!r}; choose another structure."
        )
    for axis, part in (("net", config.net), ("likelihood", config.likelihood)):
        if part.field != config.modelled.kind:
            usual = DEFAULTS[config.modelled.kind][axis].kind
            raise ConfigError(
                f"A {axis} of kind {part.kind!r} is for fields of kind {part.field!r}, and the field {config.modelled.name!r}, "
                f"which is modelled, is of kind {config.modelled.kind!r}; choose another {axis}, such as {usual!r}."
            )


def _spaces_agree(config: ModelConfig) -> None:
    found, wanted = config.posterior.space, config.prior.space
    if found != wanted:
        raise ConfigError(
            f"A {config.posterior.kind} posterior has codes in a space of kind {found!r}, and a {config.prior.kind} prior has "
            f"them in one of kind {wanted!r}; choose a posterior and a prior of one space."
        )


def _structure_has_the_codes(config: ModelConfig) -> None:
    structure, posterior = config.structure, config.posterior
    if structure.is_continuous != posterior.is_continuous or structure.space not in ("", posterior.space):
        found, wanted = ("vectors" if part.is_continuous else "codes of a codebook" for part in (structure, posterior))
        where = f" in a space of kind {structure.space!r}" if structure.space else ""
        raise ConfigError(
            f"A structure of kind {structure.kind!r} has {found}{where}, and a {posterior.kind} posterior gives {wanted} in "
            f"one of kind {posterior.space!r}; choose a structure and a posterior that go together."
        )


def _grid_is_that_of_the_net(config: ModelConfig) -> None:
    found = getattr(config.structure, "grid", None)
    wanted = None if found is None else grid_of(config.image, config.net)
    if found is not None and wanted is not None:
        require(found == wanted, f"{type(config.structure).__name__}.grid", found, f"{wanted} with this net and image")


def _terms_of_the_posterior_count(config: ModelConfig) -> None:
    posterior, objective = config.posterior, config.objective
    if posterior.terms != objective.posterior_terms:
        given, wanted = (" and ".join(names) or "no terms" for names in (posterior.terms, objective.posterior_terms))
        raise ConfigError(
            f"A {posterior.kind} posterior adds {given} to the loss, and an objective of kind {objective.kind!r} weighs "
            f"{wanted} of it; choose a posterior and an objective that go together."
        )


def _latent_is_large_enough(config: ModelConfig) -> None:
    if not config.structure.is_continuous:
        return
    for part in (config.posterior, config.prior):
        where = f"{type(config.structure).__name__}.latent"
        require(config.latent >= part.least_latent, where, config.latent, f"{part.least_latent} or more with {part.kind!r}")


def _codes_are_comparable(config: ModelConfig) -> None:
    if config.objective.compares_codes and not (config.structure.has_one_group and config.posterior.is_continuous):
        raise ConfigError(
            f"An objective of kind {config.objective.kind!r} compares codes with draws of their prior, for which they must be "
            f"points of one group; a structure of kind {config.structure.kind!r} with a {config.posterior.kind} posterior has "
            "other codes."
        )


DEFAULTS = {
    "image": {"net": ResidualConfig(), "likelihood": BernoulliConfig()},
    "tokens": {"net": GRUConfig(), "likelihood": CategoricalConfig()},
}
"""Net and likelihood of a model for which none is chosen, by the kind of the field that it models."""


class ModelConfig(Config):
    """One model: the observations that it is for, and its choice on each axis."""

    observation: ObservationSpec
    structure: StructureConfig
    net: NetConfig = ResidualConfig()
    posterior: PosteriorConfig = DiagonalGaussianConfig()
    prior: PriorConfig = StandardNormalConfig()
    likelihood: LikelihoodConfig = BernoulliConfig()
    objective: ObjectiveConfig = ELBOConfig()
    given: tuple[str, ...] = ()
    """Names of the fields that encoder and decoder are given. The other fields are modelled."""

    rules = (
        _image_is_large_enough,
        _rate_is_defined,
        _spaces_agree,
        _structure_has_the_codes,
        _terms_of_the_posterior_count,
        _latent_is_large_enough,
        _fields_are_modelled_or_given,
        _parts_are_for_the_field,
        _grid_is_that_of_the_net,
        _codes_are_comparable,
    )

    @classmethod
    def for_images(cls, image: tuple[int, int, int], *parts: Any, **axes: Any) -> typing.Self:
        """A model of images (C, H, W); the other arguments are those of `for_field`."""
        return cls.for_field(ImageField("image", *image), *parts, **axes)

    @classmethod
    def for_field(
        cls,
        field: FieldSpec,
        latent: int | StructureConfig,
        net: NetConfig | None = None,
        posterior: PosteriorConfig | None = None,
        objective: ObjectiveConfig | None = None,
        prior: PriorConfig | None = None,
        condition: CategoryField | None = None,
        **axes: Any,
    ) -> typing.Self:
        """A model of images or texts with one code of `latent` dimensions, or with another structure.

        Net and likelihood are those of `DEFAULTS` where none are given. Without an objective it is trained on the ELBO, or on
        the distortion alone where the posterior has no rate; without a prior it has the plainest one of the posterior's space.
        With a `condition` it is given that field. Further `axes` are fields of this class. Raises ConfigError where the parts
        do not go together.
        """
        posterior = posterior or DiagonalGaussianConfig()
        objective = objective or (ELBOConfig() if posterior.has_density else ReconstructionConfig())
        prior = prior or PriorConfig.on(posterior.space)
        parts = DEFAULTS.get(field.kind, {}) | {"posterior": posterior, "prior": prior, "objective": objective}
        parts |= axes if net is None else axes | {"net": net}
        observation = ObservationSpec((field,))
        if condition is not None:
            observation = ObservationSpec((*observation.fields, condition))
            parts["given"] = (condition.name,)
        structure = FlatConfig(latent) if isinstance(latent, int) else latent
        return cls(observation, structure, **parts)

    @property
    def modelled(self) -> FieldSpec:
        """The field that the model is of."""
        return next(field for field in self.observation.fields if field.name not in self.given)

    @property
    def image(self) -> tuple[int, int, int]:
        """Channels, height and width of the first field that is an image. Raises IndexError where none is."""
        return self.observation.images[0].shape

    @property
    def condition(self) -> CategoryField | None:
        """The category that the model is given; None where it is given nothing."""
        return typing.cast(CategoryField, self.observation[self.given[0]]) if self.given else None

    @property
    def latent(self) -> int:
        """Dimensions of the code of the top group. Raises ValueError where it is no vector."""
        if len(shape := self.structure.code_shape) != 1:
            raise ValueError(f"The code of this model is no vector: it is a grid of {' x '.join(map(str, shape))}.")
        return shape[0]

    @property
    def code_size(self) -> int:
        """Numbers of the code of the top group."""
        return math.prod(self.structure.code_shape)

"""Configurations of models and of training: frozen dataclasses, validated when built, with an exact JSON round trip.

A model is a choice on six axes (structure, net, posterior, prior, likelihood, objective), one module an axis and one class a
kind. Nothing here imports torch: a page or a script can read and check a configuration without loading it.
"""

from vae_core.config.base import Config, ConfigError
from vae_core.config.likelihoods import (
    BernoulliConfig,
    CategoricalConfig,
    GaussianConfig,
    LearnedGaussianConfig,
    LikelihoodConfig,
)
from vae_core.config.model import ModelConfig
from vae_core.config.nets import ConvConfig, GRUConfig, MLPConfig, NetConfig, ResidualConfig
from vae_core.config.objectives import (
    AdversarialConfig,
    ELBOConfig,
    MMDConfig,
    ObjectiveConfig,
    QuantizationConfig,
    ReconstructionConfig,
)
from vae_core.config.observations import CategoryField, FieldSpec, ImageField, ObservationSpec, TokensField, image_observation
from vae_core.config.posteriors import (
    DeterministicConfig,
    DiagonalGaussianConfig,
    FullGaussianConfig,
    PosteriorConfig,
    VectorQuantizedConfig,
    VonMisesFisherConfig,
)
from vae_core.config.priors import PriorConfig, RealNVPConfig, StandardNormalConfig, UniformCodesConfig, UniformSphereConfig
from vae_core.config.schedules import ConstantSchedule, CyclicalSchedule, LinearSchedule, ScheduleConfig
from vae_core.config.structures import FlatConfig, GridConfig, StructureConfig, TwoLayerConfig
from vae_core.config.training import TrainConfig
from vae_core.config.unused import unused

__all__ = [
    "AdversarialConfig",
    "BernoulliConfig",
    "CategoricalConfig",
    "CategoryField",
    "Config",
    "ConfigError",
    "ConstantSchedule",
    "ConvConfig",
    "CyclicalSchedule",
    "DeterministicConfig",
    "DiagonalGaussianConfig",
    "ELBOConfig",
    "FieldSpec",
    "FlatConfig",
    "FullGaussianConfig",
    "GRUConfig",
    "GaussianConfig",
    "GridConfig",
    "ImageField",
    "LearnedGaussianConfig",
    "LikelihoodConfig",
    "LinearSchedule",
    "MLPConfig",
    "MMDConfig",
    "ModelConfig",
    "NetConfig",
    "ObjectiveConfig",
    "ObservationSpec",
    "PosteriorConfig",
    "PriorConfig",
    "QuantizationConfig",
    "RealNVPConfig",
    "ReconstructionConfig",
    "ResidualConfig",
    "ScheduleConfig",
    "StandardNormalConfig",
    "StructureConfig",
    "TokensField",
    "TrainConfig",
    "TwoLayerConfig",
    "UniformCodesConfig",
    "UniformSphereConfig",
    "VectorQuantizedConfig",
    "VonMisesFisherConfig",
    "image_observation",
    "unused",
]

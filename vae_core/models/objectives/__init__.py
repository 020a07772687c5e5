"""The loss: named terms, each weighted by a schedule and reduced once, and the phases that descend them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vae_core.config import AdversarialConfig, ELBOConfig, MMDConfig, ObjectiveConfig, QuantizationConfig, ReconstructionConfig
from vae_core.models.objectives.adversarial import Adversarial
from vae_core.models.objectives.elbo import ELBO
from vae_core.models.objectives.mmd import MMD
from vae_core.models.objectives.objective import Objective, Terms
from vae_core.models.objectives.phases import Phase
from vae_core.models.objectives.quantization import Quantization
from vae_core.models.objectives.reconstruction import Reconstruction
from vae_core.models.priors import Prior

OBJECTIVES: dict[type[ObjectiveConfig], Callable[[Any, Prior, int], Objective]] = {
    ReconstructionConfig: lambda config, prior, latent: Reconstruction(),
    ELBOConfig: lambda config, prior, latent: ELBO(config),
    MMDConfig: lambda config, prior, latent: MMD(config, prior),
    AdversarialConfig: Adversarial,
    QuantizationConfig: lambda config, prior, latent: Quantization(config),
}


def build_objective(config: ObjectiveConfig, prior: Prior, latent: int) -> Objective:
    """The objective of a configuration, for a model with that prior over codes of `latent` dimensions."""
    return OBJECTIVES[type(config)](config, prior, latent)


__all__ = [
    "ELBO",
    "MMD",
    "OBJECTIVES",
    "Adversarial",
    "Objective",
    "Phase",
    "Quantization",
    "Reconstruction",
    "Terms",
    "build_objective",
]

"""The loss: named terms, each weighted by a schedule and reduced once, and the phases that descend them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vae_core.config import ELBOConfig, MMDConfig, ObjectiveConfig, ReconstructionConfig
from vae_core.models.objectives.elbo import ELBO
from vae_core.models.objectives.mmd import MMD
from vae_core.models.objectives.objective import Objective, Terms
from vae_core.models.objectives.phases import Phase
from vae_core.models.objectives.reconstruction import Reconstruction
from vae_core.models.priors import Prior

OBJECTIVES: dict[type[ObjectiveConfig], Callable[[Any, Prior], Objective]] = {
    ReconstructionConfig: lambda config, prior: Reconstruction(),
    ELBOConfig: lambda config, prior: ELBO(config),
    MMDConfig: MMD,
}


def build_objective(config: ObjectiveConfig, prior: Prior) -> Objective:
    """The objective of a configuration, for a model with that prior."""
    return OBJECTIVES[type(config)](config, prior)


__all__ = ["ELBO", "MMD", "OBJECTIVES", "Objective", "Phase", "Reconstruction", "Terms", "build_objective"]

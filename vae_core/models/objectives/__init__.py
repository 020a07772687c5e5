"""The loss: named terms, each weighted by a schedule and reduced once, and the phases that descend them."""

from vae_core.config import ObjectiveConfig
from vae_core.models.objectives.elbo import Elbo
from vae_core.models.objectives.objective import Objective, Terms
from vae_core.models.objectives.phases import Phase


def build_objective(config: ObjectiveConfig, has_rate: bool) -> Objective:
    """The objective of a configuration, for a model that has a rate or not."""
    return Elbo(config, has_rate)


__all__ = ["Elbo", "Objective", "Phase", "Terms", "build_objective"]

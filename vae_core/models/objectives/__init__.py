"""The loss: named terms, each weighed by a schedule and reduced once."""

from vae_core.models.objectives.objective import Objective, Terms

__all__ = ["Objective", "Terms"]

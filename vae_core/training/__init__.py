"""Training: `fit` is the loop, `events` what it tells, `state` what it resumes from."""

from vae_core.training.errors import TrainingError
from vae_core.training.fit import fit

__all__ = ["TrainingError", "fit"]

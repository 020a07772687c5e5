"""The loss that training descends: a weighted sum of terms."""

from __future__ import annotations

from typing import Annotated, ClassVar

from vae_core.config.base import Config
from vae_core.config.constraints import Range
from vae_core.config.schedules import ConstantSchedule, ScheduleConfig


class ObjectiveConfig(Config, axis=True):
    """A loss."""

    needs_rate: ClassVar[bool]
    """True if KL(q(z|x) || p(z)) is a term of the loss."""


class ReconstructionConfig(ObjectiveConfig, kind="reconstruction"):
    """loss = distortion, as in a plain autoencoder."""

    needs_rate = False


class ELBOConfig(ObjectiveConfig, kind="elbo"):
    """loss = distortion + beta * rate, in nats; beta = 1 is the negative ELBO."""

    needs_rate = True
    beta: Annotated[float, Range(0, 1e4)] = 1.0
    """Weight of the rate."""
    schedule: ScheduleConfig = ConstantSchedule()
    """Course of the weight of the rate through a run."""
    free_bits: Annotated[float, Range(0, 100, "nats")] = 0.0
    """Nats of each latent dimension that cost nothing (Kingma et al. 2016, eq. 15)."""

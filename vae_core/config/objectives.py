"""The loss that training descends: a weighted sum of terms."""

from __future__ import annotations

import abc
from typing import Annotated, ClassVar

from vae_core.config.base import Config
from vae_core.config.constraints import Each, Length, Range
from vae_core.config.schedules import ConstantSchedule, ScheduleConfig


class ObjectiveConfig(Config, axis=True):
    """A loss."""

    needs_rate: ClassVar[bool]
    """True if KL(q(z|x) || p(z)) is a term of the loss."""
    samples_prior: ClassVar[bool]
    """True if the loss draws the codes of all observations together towards the prior, so that draws of it can be decoded."""

    compares_codes: ClassVar[bool] = False
    """True if a term compares the codes of a batch with draws of their prior, for which they are points of one group."""

    posterior_terms: ClassVar[tuple[str, ...]] = ()
    """Names of terms of the loss that the posterior gives."""

    @property
    @abc.abstractmethod
    def formula(self) -> str:
        """The weighted sum of terms on screen, with the final weights."""


class ReconstructionConfig(ObjectiveConfig, kind="reconstruction"):
    """loss = distortion, as in a plain autoencoder."""

    needs_rate = False
    samples_prior = False

    @property
    def formula(self) -> str:
        """The distortion alone."""
        return "distortion"


class ELBOConfig(ObjectiveConfig, kind="elbo"):
    """loss = distortion + beta * rate, in nats; beta = 1 is the negative ELBO."""

    needs_rate = True
    samples_prior = True
    beta: Annotated[float, Range(0, 1e4)] = 1.0
    """Weight of the rate."""
    schedule: ScheduleConfig = ConstantSchedule()
    """Course of the weight of the rate through a run."""
    free_bits: Annotated[float, Range(0, 100, "nats")] = 0.0
    """Nats of each latent dimension that cost nothing (Kingma et al. 2016, eq. 15)."""

    @property
    def formula(self) -> str:
        """The distortion and beta times the rate, with the free bits where there are any."""
        free = f", {self.free_bits:g} free bits" if self.free_bits else ""
        return f"distortion + {self.beta:g} × rate{free}"


class MMDConfig(ObjectiveConfig, kind="mmd"):
    """loss = distortion + weight * MMD(q(z), p(z)), which compares all codes of a batch with draws of the prior."""

    needs_rate = False
    samples_prior = True
    compares_codes = True
    mmd_weight: Annotated[float, Range(0, 1e6)] = 30.0
    """Weight of the squared maximum mean discrepancy (lambda of InfoVAE), in nats. Images of more pixels bear larger ones."""
    schedule: ScheduleConfig = ConstantSchedule()
    """Course of the weight through a run."""

    @property
    def formula(self) -> str:
        """The distortion and the weighted discrepancy."""
        return f"distortion + {self.mmd_weight:g} × MMD"


class AdversarialConfig(ObjectiveConfig, kind="adversarial"):
    """loss = distortion + weight * (log-odds with which a discriminator tells codes from draws of the prior)."""

    needs_rate = False
    samples_prior = True
    compares_codes = True
    adversarial_weight: Annotated[float, Range(0, 1e6)] = 10.0
    """Weight of the term by which the encoder is trained to fool the discriminator, in nats."""
    discriminator: Annotated[tuple[int, ...], Each(Range(1, 4096)), Length(1, 8)] = (128, 128)
    """Widths of the fully connected layers of the discriminator."""

    @property
    def formula(self) -> str:
        """The distortion and the weighted loss of the encoder against the discriminator."""
        return f"distortion + {self.adversarial_weight:g} × adversary"


class QuantizationConfig(ObjectiveConfig, kind="vector-quantized"):
    """loss = distortion + codebook + weight * commitment.

    The last two are squared distances between the encoder's output and the vectors of its codes, which move the codebook and
    the encoder.
    """

    needs_rate = False
    samples_prior = False
    posterior_terms = ("codebook", "commitment")
    commitment_weight: Annotated[float, Range(0, 1e4)] = 0.25
    """Weight of the term that keeps the encoder's output near the vectors of its codes."""

    @property
    def formula(self) -> str:
        """The distortion, and both terms of the codebook."""
        return f"distortion + codebook + {self.commitment_weight:g} × commitment"

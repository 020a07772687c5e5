"""The interface of a loss: named terms, their weights, and the phases that descend them."""

from __future__ import annotations

import abc
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import torch
from torch import Tensor, nn

from vae_core.batch import Batch, Noise
from vae_core.models.latent import Latent
from vae_core.models.objectives.phases import Phase
from vae_core.specs import NoiseSpec

PRIOR = "prior"
"""Prefix of the noise that draws of the prior are made from."""


@dataclass(frozen=True, eq=False)
class Terms:
    """Terms of the loss of one batch before any weight."""

    values: Mapping[str, Tensor]
    """Terms by name: (B,) in nats where an observation has its own, else a scalar of the whole batch."""
    latent: Latent
    """The codes that the terms were computed from."""

    def __getitem__(self, name: str) -> Tensor:
        return self.values[name]

    def get(self, name: str) -> Tensor | None:
        """A term, or None where the model does not define it."""
        return self.values.get(name)

    def means(self, names: Sequence[str]) -> Tensor:
        """The mean of each named term over the batch: (len(names),), nats."""
        return torch.stack([self.values[name].mean() for name in names])


class Objective(nn.Module, abc.ABC):
    """A loss of named terms: each phase of a step descends the sum of weight(progress) * term over the terms of that phase.

    Modules of an objective, such as a discriminator, serve training alone: a checkpoint leaves them out, and a training state
    has them. Their random numbers come from `noise`, so that a resumed run equals an uninterrupted one.
    """

    phases: tuple[Phase, ...]
    """The phases of a step, in their order. Most objectives have one."""
    weighted: tuple[str, ...]
    """Names of the terms that have a weight, in the order of the weights. A term that is not among them counts once."""
    criterion: tuple[str, ...]
    """Names of the terms whose weighted sum is reported as the loss and chooses the best weights of a run; all belong to the
    first phase. A term that depends on an adversary is not among them: its values at two steps cannot be compared."""
    noise: tuple[NoiseSpec, ...]
    """Random numbers that `compute` reads for each observation."""

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms of all phases, in the order of the phases, each once."""
        return tuple(dict.fromkeys(name for phase in self.phases for name in phase.terms))

    def reported(self, index: int) -> tuple[str, ...]:
        """Names of the means that the phase of that index reports.

        They are its terms that no phase before it has. The first phase reports `loss`, which is that of `criterion`, first.
        """
        before = {name for phase in self.phases[:index] for name in phase.terms}
        terms = tuple(name for name in self.phases[index].terms if name not in before)
        return terms if index else ("loss", *terms)

    @abc.abstractmethod
    def weights(self, progress: float) -> tuple[float, ...]:
        """The weight of each of `weighted` where a share `progress` of the run is done."""

    @abc.abstractmethod
    def compute(self, names: Collection[str], batch: Batch, latent: Latent, noise: Noise) -> Mapping[str, Tensor]:
        """Computes terms of the objective, such as a discrepancy between codes and draws of the prior.

        Args:
            names: Names of the terms that are wanted. Terms that the likelihood or the latent gives are left out.
            batch: Observations that were encoded.
            latent: Codes of the observations, and their costs.
            noise: Random numbers that `noise` declares.

        Returns:
            Terms by name: (B,) in nats where an observation has its own, else a scalar of the whole batch.
        """

    @abc.abstractmethod
    def reduced(self, terms: Terms, name: str) -> Tensor:
        """Reduces a term over the batch to the scalar that is weighted in the loss, in nats an observation."""

    def forward(self, terms: Terms, weights: Sequence[float] | Tensor, names: Collection[str] | None = None) -> Tensor:
        """The weighted sum of the named terms, or of `criterion` where `names` is None: a scalar, in nats an observation.

        `weights` are those of `weights(progress)`.
        """
        names = self.criterion if names is None else names
        # A factor of 1 would cost a compiled step a tenth of its speed.
        parts = [self.reduced(terms, name) for name in names if name not in self.weighted]
        weighted = zip(self.weighted, weights, strict=True)
        return reduce(add, parts + [weight * self.reduced(terms, name) for name, weight in weighted if name in names])

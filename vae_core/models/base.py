"""The one interface of all models: everything else in the project talks to a model through it."""

from __future__ import annotations

import abc
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from vae_core.batch import Batch, Noise, local
from vae_core.config import ObservationSpec
from vae_core.models.capabilities import Capabilities
from vae_core.models.latent import Latent
from vae_core.models.objectives import Objective, Terms
from vae_core.specs import LatentSpec, NoiseSpec

OBJECTIVE = "objective"
"""Name of the submodule that only training needs, and the prefix of its noise."""


class LatentVariableModel(nn.Module, abc.ABC):
    """A model of observations x with latents z: q(z|x), p(z) and p(x|z)."""

    observation: ObservationSpec
    """The fields that the model reads."""
    latents: LatentSpec
    """The groups of its latent."""
    latent_noise: tuple[NoiseSpec, ...]
    """Random numbers that `latent` reads for each observation."""
    target_noise: tuple[NoiseSpec, ...]
    """Random numbers that `target` reads for each observation."""
    objective: Objective
    conditions: Mapping[str, int]
    """Names of the categories that the model is given, each with its number of classes."""
    capabilities: Capabilities
    """The questions that the model can answer."""

    @property
    @abc.abstractmethod
    def device(self) -> torch.device:
        """The device that the model computes on."""

    @abc.abstractmethod
    def target(self, batch: Batch, noise: Noise) -> Batch:
        """The observations that are encoded and scored, which differ from `batch` where pixels are drawn anew at every use."""

    @abc.abstractmethod
    def features(self, batch: Batch) -> dict[str, Tensor]:
        """The encoder's output for observations, (B, ...) by name, from which `latent` draws any number of codes."""

    @abc.abstractmethod
    def latent(self, features: Mapping[str, Tensor], noise: Noise | None) -> Latent:
        """Codes drawn with `noise`, or the codes that stand for the observations where it is None."""

    @abc.abstractmethod
    def log_likelihood(self, codes: Mapping[str, Tensor], batch: Batch) -> Tensor:
        """The log density of observations, log p(x|z), over the entries that were observed: (B,), nats."""

    @property
    def noise(self) -> tuple[NoiseSpec, ...]:
        """Random numbers of one training step for each observation, in the order in which they are drawn."""
        return self.latent_noise + self.target_noise + tuple(spec.within(OBJECTIVE) for spec in self.objective.noise)

    @property
    def training_only(self) -> frozenset[str]:
        """Names in the state dict of tensors that only training needs, such as those of a discriminator.

        A checkpoint leaves them out.
        """
        return frozenset(f"{OBJECTIVE}.{name}" for name in self.objective.state_dict())

    def draw_noise(self, n: int, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        """The random numbers that `terms` needs for n observations, on the model's device."""
        return {spec.name: spec.draw(n, generator, self.device) for spec in self.noise}

    def infer(self, batch: Batch, noise: Noise | None = None) -> Latent:
        """Codes of observations as models compute with them, drawn with `noise`, or those that stand for them."""
        return self.latent(self.features(batch), noise)

    def terms(self, batch: Batch, noise: Noise, names: Collection[str] | None = None) -> Terms:
        """The terms of the loss from one code drawn for each observation: at least those of `names`, or all where it is None.

        The terms come from three places: the likelihood (`distortion`), the latent (`rate` and the further terms of its parts)
        and the objective (the terms that it computes from codes). What costs time is computed only where it is named.
        """
        names = self.objective.terms if names is None else names
        target = self.target(batch, noise)
        latent = self.infer(target, noise)
        values = {"distortion": -self.log_likelihood(latent.codes, target)} if "distortion" in names else {}
        if latent.rate is not None:
            values["rate"] = latent.rate
        computed = self.objective.compute(names, target, latent, local(noise, OBJECTIVE))
        return Terms(values | dict(latent.terms) | dict(computed), latent)

    @contextmanager
    def inference(self) -> Iterator[None]:
        """Evaluation mode without gradients; the mode of each module is put back in the end."""
        training = [module for module in self.modules() if module.training]
        for module in training:
            module.training = False
        try:
            with torch.no_grad():
                yield
        finally:
            for module in training:
                module.training = True

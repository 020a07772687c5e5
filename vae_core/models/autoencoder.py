"""The public face of a model: arrays in, tensors out, whatever its structure."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vae_core.batch import Batch, Classes, Noise, Observations, as_classes, as_codes, at_rest, in_compute, local
from vae_core.config import ModelConfig
from vae_core.models.base import LatentVariableModel
from vae_core.models.capabilities import Capabilities
from vae_core.models.likelihoods import Likelihood
from vae_core.models.posteriors import Posterior
from vae_core.models.priors import Prior
from vae_core.models.samplers import Sampler
from vae_core.models.spaces import PathKind, Space

Images = np.ndarray | Tensor
Values = Images | Sequence[str]
"""Images, or the tokens of texts, or texts."""
CODE, DETAILS = "code", "details"
"""Names of codes of the top group and of details, beside conditions."""


@dataclass
class Codes:
    """The posterior of each of N images, over the codes of the top group."""

    mean: Tensor
    """Codes that stand for the images, (N, *shape of the top group): float32, or int64 where they are not continuous."""
    scale: Tensor | None
    """Standard deviation of each dimension, (N, d); None for a posterior that has none."""
    rate: Tensor | None
    """KL(q(z|x) || p(z)) of all groups: (N,), nats; None where it is not defined or has no closed form."""
    rate_by_dimension: Tensor | None
    """The rate of each dimension, (N, d), nats; None where the rate is not a sum over dimensions."""
    details: Tensor | None = None
    """Codes of the groups below the top one as standard normal numbers, (N, detail_size); None where there are none."""


class Autoencoder(LatentVariableModel, abc.ABC):
    """A model of images or texts under one configuration; a subclass wires its parts.

    Inference takes numpy arrays or tensors, runs in evaluation mode without gradients in pieces of `batch_size`, and gives
    tensors on the CPU, so that memory is bounded whatever N is. A model that is given the class of each observation takes it as
    `condition`, class numbers (N,) or one for all; ValueError says so where it is missing, out of range or not wanted. What
    takes images also takes a split of a data set or a `Batch`, which have the classes with them. A model of texts takes
    strings or tokens (N, length) in the place of images, and gives tokens.

    Codes are those of the top group, `latents.top`. The codes of the groups below it follow from a code and its `details`: the
    standard normal numbers (N, detail_size) that their priors turn into them, of which 0 stands for the mean of a prior.
    """

    posterior: Posterior
    """q(z|x) of the top group. `features` has its raw parameters under the name of that group."""
    prior: Prior
    """p(z) of the top group."""
    likelihood: Likelihood
    encoder: nn.Module
    decoder: nn.Module
    detail_size: int
    """Number of dimensions of the groups below the top one; 0 where there are none."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.observation, self.modelled = config.observation, config.modelled
        self.given = config.condition
        self.conditions = {} if self.given is None else {self.given.name: self.given.count}
        self.capabilities = Capabilities(
            rate=config.posterior.has_density,
            density=config.posterior.has_density and config.posterior.is_random,
            prior=config.objective.samples_prior,
            plane=config.posterior.is_continuous,
            conditions=self.conditions,
        )

    @abc.abstractmethod
    def complete(self, z: Tensor, details: Tensor | None = None, condition: Tensor | None = None) -> dict[str, Tensor]:
        """Codes of all groups as models compute with them, for codes z of the top one, (B, *its shape).

        details: the groups below it, (B, detail_size). None stands for the means of the priors.
        """

    @abc.abstractmethod
    def raw(self, codes: Mapping[str, Tensor], condition: Tensor | None = None, x: Tensor | None = None) -> Tensor:
        """The decoder's output for codes of all groups, from which the likelihood makes observations.

        It has the shape (B, raw channels, H, W) for images, (B, length, raw channels) for texts.

        x: the observations that are scored. A decoder that writes one entry after another is given those before it.
        """

    @property
    @abc.abstractmethod
    def inference_modules(self) -> tuple[nn.Module, ...]:
        """Modules of q(z|x)."""

    @property
    @abc.abstractmethod
    def generative_modules(self) -> tuple[nn.Module, ...]:
        """Modules of p(z) and p(x|z)."""

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return next(self.parameters()).device

    @property
    def space(self) -> Space:
        """The geometry of the codes."""
        return self.latents.top.space

    def target(self, batch: Batch, noise: Noise) -> Batch:
        """The observations with the pixels or tokens that the likelihood scores."""
        name = self.modelled.name
        return batch.replace(**{name: self.likelihood.target(batch[name], local(noise, name))})

    def log_likelihood(self, codes: Mapping[str, Tensor], batch: Batch) -> Tensor:
        """The log density of observations under the likelihood at the decoder's output, (B,), nats."""
        x = batch[self.modelled.name]
        raw = self.raw(codes, self.condition(batch), x)
        return self.likelihood.log_prob(raw, x, batch.observed.get(self.modelled.name))

    def decoded(self, codes: Mapping[str, Tensor], condition: Tensor | None = None) -> Tensor:
        """The observations that stand for p(x|z), for codes of all groups on the device of the model.

        They are images (B, C, H, W) or tokens (B, length). The model stays in its present mode, and gradients flow where they
        are on; `decode` takes care of both. condition: one-hot (B, K), where the model is given a class.
        """
        return self.likelihood.representative(self.raw(codes, condition))

    def condition(self, batch: Batch) -> Tensor | None:
        """One-hot classes that condition the model, (B, K), or None for a model without a condition."""
        return None if self.given is None else in_compute(self.given, batch[self.given.name])

    def batch(self, x: Values | Observations, condition: Classes | None = None) -> Batch:
        """Images or texts at rest, with the class of each where the model is given it, as observations of this model.

        Raises ValueError on those of another shape or range, and on classes that are missing, out of range or not wanted.
        """
        name = self.modelled.name
        fields: dict[str, Any] = dict(x.fields) if isinstance(x, Observations) else {name: x}
        if name not in fields:
            raise ValueError(f"This model reads the {name} of each observation; these have {', '.join(fields)}.")
        if (tokens := getattr(x, "tokens", None)) not in (None, self.modelled):
            raise ValueError(f"These texts have other characters or another length than those of this model: {tokens}.")
        values = at_rest(self.modelled, fields[name])
        if condition is None and self.given is not None:
            condition = fields.get(self.given.name)
        return Batch({name: values} | self._given(condition, len(values)), getattr(x, "observed", {}))

    def _given(self, condition: Classes | None, n: int) -> dict[str, Tensor]:
        """The field that the model is given, for n observations."""
        if self.given is None:
            if condition is not None:
                raise ValueError("This model is given no classes; leave out the condition.")
            return {}
        if condition is None:
            each = f"This model is given the {self.given.name} of each {self.modelled.noun}"
            raise ValueError(f"{each}; give a condition from 0 to {self.given.count - 1}.")
        return {self.given.name: as_classes(condition, self.given.count, n)}

    def encode(self, x: Values | Observations, condition: Classes | None = None, batch_size: int = 500) -> Codes:
        """The posterior of each image. Raises ValueError on images that are not of this model's shape and range, or on none."""
        batch = self.batch(x, condition)
        if len(batch) == 0:
            raise ValueError(f"There are no {self.modelled.noun}s to encode.")
        means: list[Tensor] = []
        others: list[tuple[Tensor | None, ...]] = []
        with self.inference():
            for piece in batch.split(batch_size):
                latent = self.infer(piece.to(self.device).in_compute(self.observation))
                top = latent.groups[self.latents.top.name]
                means.append(top.z)
                others.append((top.scale, latent.rate, top.rate_by_dimension, latent.details))
        columns = ([value for value in column if value is not None] for column in zip(*others, strict=True))
        return Codes(torch.cat(means).cpu(), *(torch.cat(column).cpu() if column else None for column in columns))

    def decode(
        self, z: Images, condition: Classes | None = None, batch_size: int = 500, *, details: Images | None = None
    ) -> Tensor:
        """The observations that stand for p(x|z), for codes (N, *shape of the top group).

        They are E[x|z] of images, float32 in [0, 1], (N, C, H, W), or the likeliest tokens of texts, int64 (N, length).
        details: standard normal numbers (N, detail_size), or one row for all codes, from which the groups below the top one
        follow; None for the means of their priors.
        """
        z = self.space.checked(as_codes(z, self.latents.top.shape))
        fields = {CODE: z} | self._given(condition, len(z))
        if details is not None:
            fields[DETAILS] = self._details(details, len(z))
        with self.inference():
            pieces = (piece.to(self.device) for piece in Batch(fields).split(batch_size))
            return torch.cat([self._decoded(piece) for piece in pieces])

    def _details(self, details: Images, n: int) -> Tensor:
        if not self.detail_size:
            raise ValueError("This model has one group of codes and no details below it; leave them out.")
        rows = as_codes(details, (self.detail_size,))
        if len(rows) not in (1, n):
            raise ValueError(f"There are {len(rows)} rows of details for {n} codes; give one for each, or one for all.")
        return rows.expand(n, -1)

    def _decoded(self, batch: Batch) -> Tensor:
        condition = self.condition(batch)
        codes = self.complete(batch[CODE], batch.fields.get(DETAILS), condition)
        return self.decoded(codes, condition).cpu()

    def reconstruct(self, x: Values | Observations, condition: Classes | None = None, batch_size: int = 500) -> Tensor:
        """The observations that `decode` gives at the codes of all groups that stand for each observation."""
        with self.inference():
            pieces = (
                piece.to(self.device).in_compute(self.observation) for piece in self.batch(x, condition).split(batch_size)
            )
            return torch.cat([self.decoded(self.infer(piece).codes, self.condition(piece)).cpu() for piece in pieces])

    def sample(
        self,
        n: int,
        sampler: Sampler | None = None,
        seed: int = 0,
        batch_size: int = 500,
        *,
        condition: Classes | None = None,
    ) -> Tensor:
        """The observations that `decode` gives at n codes drawn from `sampler`, or from the prior without one.

        The groups below the top one are drawn from their priors, given its codes.
        A plain autoencoder was not trained to decode draws from a prior; `FittedGaussian` is a sampler of codes like those of
        its training data.
        """
        generator = torch.Generator().manual_seed(seed)
        z = (sampler or self.prior).sample(n, generator)
        details = torch.randn(n, self.detail_size, generator=generator) if self.detail_size else None
        return self.decode(z, condition, batch_size, details=details)

    def traverse(
        self, z: Images, dimension: int, values: Images, batch_size: int = 500, *, condition: Classes | None = None
    ) -> Tensor:
        """The images of code z (d,) as one of its dimensions takes each of `values` (K,): (K, C, H, W).

        Raises ValueError on a dimension that does not exist, and for a space whose codes cannot vary by one dimension.
        """
        latent = self.config.code_size
        if not 0 <= dimension < latent:
            raise ValueError(f"Dimension {dimension} does not exist; this model has 0 to {latent - 1}.")
        values = torch.as_tensor(values, dtype=torch.float32).flatten()
        return self.decode(self.space.move(self._one_code(z)[0], dimension, values), condition, batch_size)

    def interpolate(
        self,
        a: Images,
        b: Images,
        steps: int = 9,
        path: PathKind = "linear",
        *,
        condition: Classes | None = None,
        details: Images | None = None,
    ) -> Tensor:
        """The images on the way from code a (d,) to code b (d,), both ends included: (steps, C, H, W).

        details: the details of both ends, (2, detail_size), which change evenly on the way; None for the means of their priors.
        Raises ValueError for a space without paths.
        """
        codes = self.space.path(self._one_code(a)[0], self._one_code(b)[0], steps, path)
        if details is not None:
            first, last = self._details(details, 2)
            details = torch.lerp(first, last, torch.linspace(0, 1, steps)[:, None])
        return self.decode(codes, condition, details=details)

    def _one_code(self, z: Images) -> Tensor:
        codes = self.space.checked(as_codes(z, self.latents.top.shape))
        if len(codes) != 1:
            raise ValueError(f"There are {len(codes)} codes where one is wanted.")
        return codes

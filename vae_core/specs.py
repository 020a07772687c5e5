"""Specifications of observations, latents and noise, on which models, data and pages agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from vae_core.batch import Batch, scale
from vae_core.models.spaces import Space

Distribution = Literal["normal", "uniform"]
"""Distribution of one random number: standard normal, or uniform in [0, 1)."""


@dataclass(frozen=True)
class ImageField:
    """An image: uint8 at rest, float32 in [0, 1] in compute, of shape (C, H, W)."""

    kind: ClassVar[str] = "image"
    channels: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.channels, self.height, self.width

    def in_compute(self, value: Tensor) -> Tensor:
        """Images (B, C, H, W), uint8 or float32 in [0, 1], as float32 in [0, 1]."""
        return scale(value) if value.dtype == torch.uint8 else value


FieldSpec = ImageField


@dataclass(frozen=True)
class ObservationSpec:
    """The fields of one observation, by name."""

    fields: Mapping[str, FieldSpec]

    def __getitem__(self, name: str) -> FieldSpec:
        return self.fields[name]

    @property
    def images(self) -> tuple[str, ...]:
        """Names of the fields that are images."""
        return tuple(name for name, spec in self.fields.items() if spec.kind == "image")

    def in_compute(self, batch: Batch) -> Batch:
        """The batch with every field as models compute with it, and without fields that the spec does not name."""
        fields = {name: spec.in_compute(batch[name]) for name, spec in self.fields.items()}
        return Batch(fields, {name: mask for name, mask in batch.observed.items() if name in fields})


@dataclass(frozen=True)
class LatentGroup:
    """A part of a latent: one vector, a grid of codes, or a layer of a hierarchy."""

    name: str
    shape: tuple[int, ...]
    """Shape of the group's code of one observation."""
    space: Space


@dataclass(frozen=True)
class LatentSpec:
    """The groups of a latent, in the order in which they are drawn."""

    groups: tuple[LatentGroup, ...]


@dataclass(frozen=True)
class NoiseSpec:
    """Random numbers that one step needs for each observation."""

    name: str
    shape: tuple[int, ...]
    distribution: Distribution

    def within(self, owner: str) -> NoiseSpec:
        """This noise under the name that it has in a model, `owner.name`."""
        return NoiseSpec(f"{owner}.{self.name}", self.shape, self.distribution)

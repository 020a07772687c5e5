"""A prior that is learned with the model: a normalizing flow of affine coupling layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn
from torch.distributions import Transform
from zuko.nn import MLP
from zuko.transforms import ComposedTransform, CouplingTransform, DependentTransform, MonotonicAffineTransform

from vae_core.batch import Noise
from vae_core.config import RealNVPConfig
from vae_core.models.priors.base import Prior
from vae_core.specs import NoiseSpec

HALVES = (slice(0, None, 2), slice(1, None, 2))
"""The dimensions of each half."""


class RealNVP(Prior):
    """The distribution of f^-1(u) for u ~ N(0, I), where f is a chain of affine coupling layers.

    Each layer changes one half of the dimensions by the other, in turn (Dinh et al. 2017; as a prior, Chen et al. 2017,
    section 3.2). Its KL to a posterior has no closed form and is estimated from the codes that are drawn.
    """

    def __init__(self, config: RealNVPConfig, latent: int):
        super().__init__()
        self.noise = (NoiseSpec("u", (latent,), "normal"),)
        sizes = [len(range(latent)[half]) for half in HALVES]
        self.nets = nn.ModuleList(MLP(sizes[i % 2], 2 * sizes[1 - i % 2], config.hidden) for i in range(config.transforms))

    def log_prob(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """The log density of u and the log determinant of f, (B,), nats."""
        # In bfloat16 a density would be off by whole nats.
        with torch.autocast(z.device.type, enabled=False):
            u, log_determinant = self._transform().call_and_ladj(z.float())
        return log_determinant - 0.5 * (u**2 + math.log(2 * math.pi)).sum(1)

    def draw(self, noise: Noise, condition: Tensor | None = None) -> Tensor:
        """The codes that f takes to the noise, (B, d)."""
        with torch.autocast(noise["u"].device.type, enabled=False):
            # The types of torch let a transform return nothing.
            return cast(Tensor, self._transform().inv(noise["u"]))

    def _transform(self) -> ComposedTransform:
        """f, from codes to u."""
        return ComposedTransform(*(Coupling(partial(_affine, net), i % 2) for i, net in enumerate(self.nets)))


class Coupling(CouplingTransform):
    """A coupling transform whose halves are slices.

    The halves of zuko are found by the values of a mask, for which every step would wait and which a compiled step cannot ask.
    """

    def __init__(self, meta: Callable[[Tensor], Transform], kept: int):
        Transform.__init__(self)
        self.meta = meta
        self.idx_a, self.idx_b = HALVES[kept], HALVES[1 - kept]


def _affine(net: nn.Module, kept: Tensor) -> Transform:
    """The transform of one half of the dimensions that the other half (B, k) gives."""
    shift, scale = net(kept).chunk(2, 1)
    return DependentTransform(MonotonicAffineTransform(shift, scale), 1)

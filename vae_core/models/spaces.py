"""The geometry of a latent: pages ask it for paths, distances and planes, and never assume R^d."""

from __future__ import annotations

import abc
from typing import Literal

import torch
from torch import Tensor

PathKind = Literal["linear", "spherical"]


class Space(abc.ABC):
    """Where codes live."""

    latent: int

    @abc.abstractmethod
    def path(self, a: Tensor, b: Tensor, steps: int, kind: PathKind) -> Tensor:
        """Codes on the way from a (d,) to b (d,), both ends included: (steps, d)."""

    @abc.abstractmethod
    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Distances between a (N, d) and b (M, d): (N, M)."""

    @abc.abstractmethod
    def plane(self, origin: Tensor, u: Tensor, v: Tensor, at: Tensor) -> Tensor:
        """The codes at coordinates `at` (N, 2) of the plane through origin (d,) along u (d,) and v (d,): (N, d)."""


class Euclidean(Space):
    """R^d."""

    def __init__(self, latent: int):
        self.latent = latent

    def path(self, a: Tensor, b: Tensor, steps: int, kind: PathKind) -> Tensor:
        """`spherical` turns the direction at an even rate and changes the norm evenly (White 2016, section 3.1): codes of many
        dimensions then keep the norm that a normal prior gives them, which a straight line cuts short.

        Raises ValueError for fewer than 2 steps or an unknown kind.
        """
        if steps < 2:
            raise ValueError(f"A path has at least 2 steps, not {steps}.")
        t = torch.linspace(0, 1, steps, dtype=a.dtype, device=a.device)[:, None]
        if kind == "linear":
            return torch.lerp(a[None], b[None], t)
        if kind != "spherical":
            raise ValueError(f"A path is 'linear' or 'spherical', not {kind!r}.")
        norm_a, norm_b = a.norm(), b.norm()
        if min(norm_a, norm_b) < 1e-8:
            return torch.lerp(a[None], b[None], t)
        a1, b1 = a / norm_a, b / norm_b
        angle = 2 * torch.atan2((a1 - b1).norm(), (a1 + b1).norm())
        norms = torch.lerp(norm_a[None, None], norm_b[None, None], t)
        if angle.sin() < 1e-4:
            # The same direction, or opposite ones between which no single great circle is the shortest.
            return torch.lerp(a[None], b[None], t)
        turned = (torch.sin((1 - t) * angle) * a1 + torch.sin(t * angle) * b1) / torch.sin(angle)
        return turned * norms

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        return torch.cdist(a, b)

    def plane(self, origin: Tensor, u: Tensor, v: Tensor, at: Tensor) -> Tensor:
        return origin + at[:, :1] * u + at[:, 1:] * v

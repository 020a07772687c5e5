"""The geometry of a latent: pages ask it for paths, distances and planes, and never assume R^d."""

from __future__ import annotations

import abc
import math
import typing
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

PathKind = Literal["linear", "spherical"]


class Space(abc.ABC):
    """Geometry of codes: distances, paths and planes. `latent_pad/space.js` has the same for pages, which are told the kind."""

    kind: ClassVar[str]
    """Name of the kind, which a configuration declares and a page is sent."""
    independent_dimensions: ClassVar[bool]
    """True if each dimension of a code can vary while the others stay as they are."""

    @abc.abstractmethod
    def checked(self, z: Tensor) -> Tensor:
        """Codes (N, *shape) in the type that models take. Raises ValueError where a value is in no code of the space."""

    @abc.abstractmethod
    def vectors(self, z: Tensor) -> Tensor:
        """Codes (N, *shape) as points of R^k (N, k), such as a projection takes."""

    @abc.abstractmethod
    def project(self, z: Tensor) -> Tensor:
        """The nearest code of the space to each of N: (N, *shape)."""

    @abc.abstractmethod
    def move(self, z: Tensor, dimension: int, values: Tensor) -> Tensor:
        """The codes that code z (d,) becomes as one of its dimensions takes each of `values` (K,): (K, d)."""

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

    kind = "euclidean"
    independent_dimensions = True

    def __init__(self, latent: int):
        self.latent = latent

    def checked(self, z: Tensor) -> Tensor:
        """The codes as they are, because every number is allowed."""
        return z

    def vectors(self, z: Tensor) -> Tensor:
        """The codes themselves."""
        return z

    def project(self, z: Tensor) -> Tensor:
        """The points themselves."""
        return z

    def move(self, z: Tensor, dimension: int, values: Tensor) -> Tensor:
        """The other dimensions stay as they are."""
        codes = z.repeat(len(values), 1)
        codes[:, dimension] = values
        return codes

    def path(self, a: Tensor, b: Tensor, steps: int, kind: PathKind) -> Tensor:
        """Codes on a straight line, or with kind `spherical` on an arc (White 2016, section 3.1).

        An arc turns the direction at an even rate and changes the norm evenly: codes of many dimensions then keep the norm that
        a normal prior gives them, which a straight line cuts short.
        Raises ValueError for fewer than 2 steps or an unknown kind.
        """
        t = _shares(a, steps, kind)
        if kind == "linear":
            return torch.lerp(a[None], b[None], t)
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
        """Lengths of the straight lines."""
        return torch.cdist(a, b)

    def plane(self, origin: Tensor, u: Tensor, v: Tensor, at: Tensor) -> Tensor:
        """The points of the flat plane."""
        return origin + at[:, :1] * u + at[:, 1:] * v


class Sphere(Space):
    """The unit vectors of R^d, d at least 2."""

    kind = "sphere"
    independent_dimensions = False

    def __init__(self, latent: int):
        self.latent = latent

    def checked(self, z: Tensor) -> Tensor:
        """The codes as they are, because `project` brings them onto the sphere."""
        return z

    def vectors(self, z: Tensor) -> Tensor:
        """The codes themselves."""
        return z

    def project(self, z: Tensor) -> Tensor:
        """The direction of each point. It is the first axis for the origin, to which all codes are equally near."""
        # The squares of small numbers are rounded to nothing in float32.
        largest = z.abs().amax(1, keepdim=True)
        scaled = z / largest.clamp(min=torch.finfo(z.dtype).tiny)
        return torch.where(largest > 0, functional.normalize(scaled, dim=1), _axis(z, 0))

    def move(self, z: Tensor, dimension: int, values: Tensor) -> Tensor:
        """The other dimensions keep their proportions. Values beyond -1 and 1 are those."""
        codes = z.repeat(len(values), 1)
        codes[:, dimension] = 0
        # At a pole of the dimension the others are all 0, and the next one takes the rest.
        norm = codes.norm(dim=1, keepdim=True)
        others = torch.where(norm > _DEGENERATE, codes / norm.clamp(min=_DEGENERATE), _axis(z, (dimension + 1) % self.latent))
        height = values.to(z).clamp(-1, 1)[:, None]
        return others * (1 - height**2).sqrt() + height * _axis(z, dimension)

    def path(self, a: Tensor, b: Tensor, steps: int, kind: PathKind) -> Tensor:
        """The great circle, whatever the kind: it is the straight path of a sphere.

        Of the many from a code to the opposite one, it is that through the dimension in which the codes are smallest. Raises
        ValueError for fewer than 2 steps or an unknown kind.
        """
        t = _shares(a, steps, kind)
        a, b = self.project(torch.stack([a, b]))
        angle = 2 * torch.atan2((a - b).norm(), (a + b).norm())
        side = b - (a @ b) * a
        if angle > math.pi / 2 and side.norm() < _DEGENERATE:
            side = _axis(a, int(a.abs().argmin()))
            side = side - (a @ side) * a
        # Between nearly opposite codes rounding leaves a share of `a` in it, which the second pass takes away.
        side = functional.normalize(side, dim=0)
        side = functional.normalize(side - (a @ side) * a, dim=0)
        return torch.cos(t * angle) * a + torch.sin(t * angle) * side

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """The angle between two codes, radians."""
        return 2 * torch.asin((torch.cdist(a, b) / 2).clamp(max=1))

    def plane(self, origin: Tensor, u: Tensor, v: Tensor, at: Tensor) -> Tensor:
        """The half of the sphere that is seen along the plane's normal at `origin`, for orthonormal u and v.

        A code lies over its own coordinates along u and v, and points beyond the rim stand for the nearest point of the rim.
        The normal is the direction of `origin` without its shares along u and v. Where nothing is left of it, it is that of the
        dimension of which most is left.
        """
        points = origin + at[:, :1] * u + at[:, 1:] * v
        flat = points @ torch.stack([u, v]).T
        normal = self._normal(origin, u, v)
        square = (flat**2).sum(1, keepdim=True)
        inside = (square < 1) & bool(normal.any())
        on_rim = self.project(flat) @ torch.stack([u, v])
        return torch.where(inside, flat @ torch.stack([u, v]) + (1 - square).clamp(min=0).sqrt() * normal, on_rim)

    def _normal(self, origin: Tensor, u: Tensor, v: Tensor) -> Tensor:
        """The unit vector (d,) towards `origin` that is orthogonal to u and v; zeros on a circle, which has none."""
        if self.latent == 2:
            return torch.zeros_like(origin)
        rest = origin - (origin @ u) * u - (origin @ v) * v
        if rest.norm() < _DEGENERATE:
            left = torch.eye(self.latent, dtype=u.dtype) - torch.outer(u, u) - torch.outer(v, v)
            rest = left[int(left.diagonal().argmax())]
        return functional.normalize(rest, dim=0)


class Codebook(Space):
    """Grids of whole numbers, each of which names a vector of a codebook. There is nothing between two codes."""

    kind = "codebook"
    independent_dimensions = False

    def __init__(self, codebook: nn.Embedding, grid: tuple[int, ...]):
        # The module and not its weights, which are other tensors once a file has been loaded.
        self.codebook, self.grid = codebook, grid

    def checked(self, z: Tensor) -> Tensor:
        """Codes as int64. Raises ValueError on values that are not whole, and on numbers that no code has."""
        most = self.codebook.num_embeddings - 1
        if z.is_floating_point() and not bool((z == z.round()).all()):
            raise ValueError(f"Codes of this model are whole numbers from 0 to {most}; these have values that are not whole.")
        if z.numel() and not (z.min() >= 0 and z.max() <= most):
            raise ValueError(f"Codes of this model are whole numbers from 0 to {most}; these have values outside of them.")
        return z.long()

    def vectors(self, z: Tensor) -> Tensor:
        """The vectors of the codes of a grid, one behind the other: their Euclidean distance is that of the grids.

        Raises ValueError where they take over 1 GiB.
        """
        numbers = z.numel() * self.codebook.embedding_dim
        if numbers > MOST_NUMBERS:
            raise ValueError(
                f"The vectors of {len(z):,} codes are {numbers:,} numbers, more than the {MOST_NUMBERS:,} that are used."
            )
        with torch.no_grad():
            return self.codebook(z).flatten(1)

    def project(self, z: Tensor) -> Tensor:
        """The nearest whole number of a code, at each place."""
        return z.round().clamp(0, self.codebook.num_embeddings - 1).long()

    def move(self, z: Tensor, dimension: int, values: Tensor) -> Tensor:
        """Raises ValueError, because codes have no order."""
        raise ValueError("Codes of this model are whole numbers without an order: none of them can be varied by degrees.")

    def path(self, a: Tensor, b: Tensor, steps: int, kind: PathKind) -> Tensor:
        """Raises ValueError, because there is nothing between two codes."""
        raise ValueError("Codes of this model are whole numbers with nothing between them: there is no path between two.")

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """The Euclidean distance between the vectors of two grids, all places together."""
        weight, places = self.codebook.weight.detach(), torch.arange(math.prod(self.grid), device=b.device)
        found = []
        for code in a.flatten(1):
            # The squared distance of each place of one grid to each code, in which the codes of the others are looked up.
            table = torch.cdist(weight[code], weight, compute_mode="donot_use_mm_for_euclid_dist").square()
            found.append(table[places, b.flatten(1)].sum(1).sqrt())
        return torch.stack(found)

    def plane(self, origin: Tensor, u: Tensor, v: Tensor, at: Tensor) -> Tensor:
        """Raises ValueError, because there is nothing between codes."""
        raise ValueError("Codes of this model are whole numbers with nothing between them: there is no plane through them.")


MOST_NUMBERS = 2**28
"""Largest number of numbers of the vectors of grids that are looked up at once, which are a float32 each."""
_DEGENERATE = 1e-6
"""Norm below which a vector has no direction that could be told from rounding."""


def _axis(like: Tensor, dimension: int) -> Tensor:
    """The unit vector (d,) of one dimension."""
    return functional.one_hot(torch.tensor(dimension), like.shape[-1]).to(like)


def _shares(a: Tensor, steps: int, kind: PathKind) -> Tensor:
    """The shares of a path at which its codes lie, (steps, 1). Raises ValueError for fewer than 2 steps or an unknown kind."""
    if steps < 2:
        raise ValueError(f"A path has at least 2 steps, not {steps}.")
    if kind not in typing.get_args(PathKind):
        raise ValueError(f"A path is 'linear' or 'spherical', not {kind!r}.")
    return torch.linspace(0, 1, steps, dtype=a.dtype, device=a.device)[:, None]

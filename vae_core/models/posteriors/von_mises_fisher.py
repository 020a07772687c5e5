"""Codes on the unit sphere, spread around a mean direction."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vae_core.batch import Noise
from vae_core.models.posteriors.base import Draw, Posterior
from vae_core.models.spaces import Sphere
from vae_core.specs import NoiseSpec

CELLS = 4096
"""Cells of the table of the angle's distribution function."""
SEARCHED = 2**17
"""Angles among which the ends of the table are searched."""
NEGLIGIBLE = -60.0
"""Angles whose log density lies this far below the largest one are left out."""


@dataclass(frozen=True, eq=False)
class AngleDistribution:
    """The angle t between a draw and the mean direction, with density sin(t)^(d-2) exp(kappa cos t) up to a factor."""

    first: float
    """The smallest angle of the table, radians."""
    step: float
    """Width of a cell of the table, radians."""
    cumulative: np.ndarray
    """Distribution function at the edges of the cells, float64 (CELLS + 1,)."""
    log_integral: float
    """Logarithm of the integral of the density without its factor."""
    mean_cosine: float
    """Mean of cos t, which is the length of the mean of z."""


@functools.cache
def angle_distribution(latent: int, kappa: float) -> AngleDistribution:
    """The distribution in R^latent, in float64.

    The integrals are by Simpson's rule, because the Bessel functions in closed forms underflow for a large `latent`.
    """

    def log_density(angle: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return (latent - 2) * np.log(np.sin(angle)) + kappa * np.cos(angle) if latent > 2 else kappa * np.cos(angle)

    searched = np.linspace(0, math.pi, SEARCHED + 1)
    values = log_density(searched)
    (kept,) = np.nonzero(values >= values.max() + NEGLIGIBLE)
    low, high = searched[max(0, kept[0] - 1)], searched[min(SEARCHED, kept[-1] + 1)]
    table, step = np.linspace(low, high, CELLS + 1, retstep=True)
    heights = np.exp(log_density(table) - values.max())
    weights = np.full(CELLS + 1, 2 * step / 3)
    weights[1::2] *= 2
    weights[[0, -1]] /= 2
    integral = weights @ heights
    cumulative = np.concatenate([[0.0], np.cumsum(heights[1:] + heights[:-1])])
    return AngleDistribution(
        first=float(low),
        step=float(step),
        cumulative=cumulative / cumulative[-1],
        log_integral=float(values.max() + np.log(integral)),
        mean_cosine=float(weights @ (heights * np.cos(table)) / integral),
    )


class VonMisesFisher(Posterior):
    """A density in proportion to exp(kappa mu . z) on the unit sphere, with mu the normalised raw output and kappa fixed.

    The source is Xu & Durrett 2018, and Davidson et al. 2018, who learn kappa. A draw has an angle to mu, read off the inverse
    of a distribution function that all observations share, and a uniform direction around mu; no draw is rejected.
    """

    cumulative: Tensor
    entropy: float
    """Entropy of the distribution, nats."""

    def __init__(self, latent: int, kappa: float):
        super().__init__()
        self.latent, self.kappa = latent, kappa
        self.raw_size = latent
        self.space = Sphere(latent)
        self.noise = (NoiseSpec("angle", (1,), "uniform"), NoiseSpec("direction", (latent - 1,), "normal"))
        self.angle = angle_distribution(latent, kappa)
        log_area = math.log(2) + 0.5 * (latent - 1) * math.log(math.pi) - math.lgamma((latent - 1) / 2)
        self.log_normaliser = -log_area - self.angle.log_integral
        self.entropy = -self.log_normaliser - kappa * self.angle.mean_cosine
        # It follows from the configuration, so that no checkpoint holds it.
        self.register_buffer("cumulative", torch.from_numpy(self.angle.cumulative.astype(np.float32)), persistent=False)

    def angles(self, uniform: Tensor) -> Tensor:
        """Angles between draws and mean directions at shares `uniform` of the distribution function, radians."""
        cell = torch.searchsorted(self.cumulative, uniform.contiguous()).clamp(1, CELLS)
        low, high = self.cumulative[cell - 1], self.cumulative[cell]
        within = (uniform - low) / (high - low).clamp(min=torch.finfo(torch.float32).tiny)
        return self.angle.first + (cell - 1 + within) * self.angle.step

    def draw(self, raw: Tensor, noise: Noise) -> Draw:
        """A code at a drawn angle to the mean direction. Raises ValueError where noise is missing."""
        if "angle" not in noise or "direction" not in noise:
            raise ValueError(
                "A von Mises-Fisher posterior draws its code: pass uniform noise `angle` of shape (B, 1) and standard normal "
                "noise `direction` of shape (B, d - 1)."
            )
        angle = self.angles(noise["angle"])
        cosine = angle.cos()
        around = functional.normalize(noise["direction"], dim=1)
        z = _reflected(torch.cat([cosine, angle.sin() * around], 1), self.mean(raw))
        return Draw(z, self.log_normaliser + self.kappa * cosine[:, 0])

    def mean(self, raw: Tensor) -> Tensor:
        """The mean direction, a unit vector."""
        return functional.normalize(raw.float(), dim=1)

    def scale(self, raw: Tensor) -> None:
        """Returns None, because codes spread along the sphere and not by a standard deviation of each dimension."""


def _reflected(z: Tensor, mean: Tensor) -> Tensor:
    """Codes z reflected by the Householder matrix that takes the first axis to `mean` (Davidson et al. 2018, algorithm 1)."""
    axis = functional.pad(torch.ones_like(mean[:, :1]), (0, mean.shape[1] - 1))
    normal = axis - mean
    square = (normal**2).sum(1, keepdim=True).clamp(min=1e-12)
    return z - 2 * normal * ((normal * z).sum(1, keepdim=True) / square)

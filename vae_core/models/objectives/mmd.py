"""The maximum mean discrepancy between the codes of a batch and draws of the prior."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import final

import torch
from torch import Tensor

from vae_core.batch import Batch, Noise, local
from vae_core.config import MMDConfig
from vae_core.models.latent import Latent
from vae_core.models.objectives import schedules
from vae_core.models.objectives.objective import PRIOR, Objective, Terms
from vae_core.models.objectives.phases import Phase
from vae_core.models.priors import Prior


@final
class MMD(Objective):
    """loss = distortion + weight * MMD(q(z), p(z)).

    It is InfoVAE with alpha = 1, where the weight is its lambda (Zhao, Song & Ermon 2019, section 4), and with a deterministic
    posterior WAE-MMD (Tolstikhin et al. 2018, algorithm 2).

    `mmd` is one number of a whole batch: it compares all of its codes with as many draws of the prior. Where several processes
    share a batch, each compares its own share.
    """

    def __init__(self, config: MMDConfig, prior: Prior):
        super().__init__()
        self.config = config
        # The method and not the module, because the parameters of the prior belong to the model and not to its loss.
        self.draw_prior = prior.draw
        self.weighted = ("mmd",)
        self.criterion = ("distortion", "mmd")
        self.phases = (Phase("all", self.criterion),)
        self.noise = tuple(spec.within(PRIOR) for spec in prior.noise)

    def weights(self, progress: float) -> tuple[float, ...]:
        """The weight of the discrepancy times its schedule."""
        return (self.config.mmd_weight * schedules.weight(self.config.schedule, progress),)

    def compute(self, names: Collection[str], batch: Batch, latent: Latent, noise: Noise) -> Mapping[str, Tensor]:
        """The discrepancy between the codes and as many draws of the prior, a scalar."""
        if "mmd" not in names:
            return {}
        (codes,) = latent.codes.values()
        return {"mmd": squared_mmd(codes, self.draw_prior(local(noise, PRIOR)))}

    def reduced(self, terms: Terms, name: str) -> Tensor:
        """The mean of the term, which for a scalar is the scalar."""
        return terms[name].mean()


def squared_mmd(codes: Tensor, draws: Tensor) -> Tensor:
    """The squared maximum mean discrepancy between the distributions of `codes` (B, d) and of `draws` (B, d), a scalar.

    It is the unbiased estimate (Gretton et al. 2012, eq. 3), which may fall below 0, and is 0 for a single code, of which it
    says nothing. The kernel is the inverse multiquadric of Tolstikhin et al. 2018, section 4: k(a, b) = C / (C + |a - b|^2)
    with C = 2d, the mean squared distance of two draws of N(0, I). The Gaussian kernel that Zhao et al. use hardly pulls at
    codes far from all draws.
    """
    count = len(codes)
    if count < 2:
        return 0.0 * codes.sum()
    # In float32, because the distances of close codes are small differences of large numbers.
    with torch.autocast(codes.device.type, enabled=False):
        codes, draws = codes.float(), draws.float()
        within = _without_diagonal(_kernel(codes, codes)) + _without_diagonal(_kernel(draws, draws))
        return within / (count * (count - 1)) - 2 * _kernel(codes, draws).mean()


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    """The kernel k of each row of a (N, d) and each row of b (M, d): (N, M)."""
    c = 2.0 * a.shape[1]
    squared = a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T
    return c / (c + squared.clamp(min=0))


def _without_diagonal(kernel: Tensor) -> Tensor:
    return kernel.sum() - kernel.diagonal().sum()

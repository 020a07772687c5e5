"""A discriminator between codes and draws of the prior."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import final

import torch.nn.functional as F
from torch import Tensor, nn

from vae_core.batch import Batch, Noise, local
from vae_core.config import AdversarialConfig
from vae_core.models.latent import Latent
from vae_core.models.objectives.objective import PRIOR, Objective, Terms
from vae_core.models.objectives.phases import Phase
from vae_core.models.priors import Prior


@final
class Adversarial(Objective):
    """loss = distortion + weight * fooling, and a discriminator that descends `discrimination` in a phase of its own.

    The adversarial autoencoder (Makhzani et al. 2015, section 2), with the form of the generator's loss that does not saturate
    (Goodfellow et al. 2014, section 3). `fooling` is -log D(z) of codes, and `discrimination` is -log D(z) of draws of the
    prior and -log(1 - D(z)) of codes, in nats an observation.
    """

    def __init__(self, config: AdversarialConfig, prior: Prior, latent: int):
        super().__init__()
        self.config = config
        # The method and not the module, because the parameters of the prior belong to the model and not to its loss.
        self.draw_prior = prior.draw
        layers: list[nn.Module] = []
        for a, b in pairwise([latent, *config.discriminator]):
            layers += [nn.Linear(a, b), nn.LeakyReLU(0.2)]
        self.discriminator = nn.Sequential(*layers, nn.Linear(config.discriminator[-1], 1))
        self.weighted = ("fooling",)
        self.criterion = ("distortion",)
        self.phases = (
            Phase("autoencoder", ("distortion", "fooling")),
            Phase(
                "discriminator", ("discrimination",), moves=("objective.discriminator",), betas=(0.5, 0.999), weight_decay=0.0
            ),
        )
        self.noise = tuple(spec.within(PRIOR) for spec in prior.noise)

    def weights(self, progress: float) -> tuple[float, ...]:
        """The weight of `fooling`, which stays the same through a run."""
        return (self.config.adversarial_weight,)

    def compute(self, names: Collection[str], batch: Batch, latent: Latent, noise: Noise) -> Mapping[str, Tensor]:
        """The terms of the discriminator on codes and on draws of the prior, (B,), nats."""
        (codes,), found = latent.codes.values(), {}
        if "fooling" in names:
            found["fooling"] = F.softplus(-self._log_odds(codes))
        if "discrimination" in names:
            of_prior = self._log_odds(self.draw_prior(local(noise, PRIOR)))
            found["discrimination"] = F.softplus(-of_prior) + F.softplus(self._log_odds(codes))
        return found

    def reduced(self, terms: Terms, name: str) -> Tensor:
        """The mean of the term."""
        return terms[name].mean()

    def _log_odds(self, codes: Tensor) -> Tensor:
        """The log odds log D - log(1 - D) of codes (B, d): (B,)."""
        return self.discriminator(codes).float()[:, 0]

"""The loss of a model whose codes are vectors of a codebook."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import final

from torch import Tensor

from vae_core.batch import Batch, Noise
from vae_core.config import QuantizationConfig
from vae_core.models.latent import Latent
from vae_core.models.objectives.objective import Objective, Terms
from vae_core.models.objectives.phases import Phase


@final
class Quantization(Objective):
    """loss = distortion + codebook + weight * commitment (van den Oord, Vinyals & Kavukcuoglu 2017, eq. 3).

    `codebook` and `commitment` are squared distances of vectors, summed and not averaged, as they stand in the paper. A squared
    distance is the KL of two normal distributions around the vectors with the variance 1/2, in nats: that variance sets the
    scale of the vectors, so that no further weight is hidden. The rate to the uniform prior is a constant and no term.

    The best weights of a run are those of the least distortion, which is the negative ELBO up to that constant. The distances
    are no part of a bound: they grow at first, as the vectors spread out from where they start.
    """

    def __init__(self, config: QuantizationConfig):
        super().__init__()
        self.config = config
        self.weighted = ("commitment",)
        self.criterion = ("distortion",)
        self.phases = (Phase("all", ("distortion", *config.posterior_terms)),)
        self.noise = ()

    def weights(self, progress: float) -> tuple[float, ...]:
        """The weight of the commitment."""
        return (self.config.commitment_weight,)

    def compute(self, names: Collection[str], batch: Batch, latent: Latent, noise: Noise) -> Mapping[str, Tensor]:
        """No terms: the distortion and those of the codebook come from the model."""
        return {}

    def reduced(self, terms: Terms, name: str) -> Tensor:
        """The mean of the term."""
        return terms[name].mean()

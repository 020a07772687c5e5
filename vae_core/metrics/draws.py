"""Distortion and rate of each image, averaged over draws of the code, with the standard error of their means."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from vae_core.batch import Batch, repeat
from vae_core.metrics.noise import NoiseStreams
from vae_core.metrics.table import METRICS
from vae_core.models.base import LatentVariableModel
from vae_core.models.latent import Latent

FEWEST_DRAWS, MOST_DRAWS = 16, 64
"""Smallest and largest number of draws of each observation where it follows from the standard error."""
ROUND = 8
"""Draws of each observation that are taken at a time."""
FIGURES = ("distortion", "rate", "negative_elbo")


def is_random(model: LatentVariableModel) -> bool:
    """True if two draws of one observation differ, because its code or the pixels that are scored are drawn."""
    return bool(model.latent_noise or model.target_noise)


class Draws:
    """Running sums over draws of N observations.

    A draw is one code from q(z|x); where the likelihood is of binarised pixels, it is one binary image and one code of it. All
    draws of one observation are independent, and independent of those of other observations. They depend on the seed and not
    on `batch_size`, the number of codes that are decoded at a time (at least a round of one observation).
    """

    def __init__(self, model: LatentVariableModel, batch: Batch, seed: int, batch_size: int, tell: Callable[[int], None]):
        self.model, self.batch, self.seed, self.batch_size, self.tell = model, batch, seed, batch_size, tell
        self.count, self._round = 0, 0
        self._sums, self._squares = (torch.zeros(len(FIGURES), len(batch), dtype=torch.float64) for _ in range(2))
        self._by_dimension: Tensor | None = None

    @property
    def distortion(self) -> Tensor:
        """-log p(x|z), the mean over draws: float64 (N,), nats."""
        return self._sums[0] / self.count

    @property
    def rate(self) -> Tensor | None:
        """KL(q(z|x) || p(z)), the mean over draws: float64 (N,), nats; None where it is not defined."""
        return self._sums[1] / self.count if self.model.capabilities.rate else None

    @property
    def rate_by_dimension(self) -> Tensor | None:
        """The rate of each dimension, the mean over draws and observations: float64 (d,), nats.

        None where the rate is no sum over dimensions.
        """
        return None if self._by_dimension is None else self._by_dimension / (self.count * len(self.batch))

    def errors(self) -> dict[str, float | None]:
        """Standard error over draws of each figure's mean over the images, nats.

        None where it cannot be estimated from one draw, and where the figure is not defined. Draws are independent from image
        to image, so their variances add up.
        """
        known = FIGURES if self.model.capabilities.rate else FIGURES[:1]
        out: dict[str, float | None] = dict.fromkeys(FIGURES)
        if not is_random(self.model):
            return out | dict.fromkeys(known, 0.0)
        if self.count < 2:
            return out
        spread = (self._squares - self._sums**2 / self.count).clamp(min=0) / (self.count - 1)
        errors = (spread.sum(1) / self.count).sqrt() / len(self.batch)
        return out | dict(zip(known, errors.tolist(), strict=False))

    def enough(self) -> bool:
        """True if every standard error is below the last decimal that is shown of its figure, or there are `MOST_DRAWS`."""
        if self.count < FEWEST_DRAWS:
            return False
        known = all((error or 0.0) < 10.0 ** -METRICS[name].decimals for name, error in self.errors().items())
        return known or self.count >= MOST_DRAWS

    def draw(self, count: int = ROUND) -> None:
        """One more round: `count` draws of each observation, at most `ROUND`."""
        model = self.model
        target_noise = NoiseStreams(model.target_noise, self.seed, self._round)
        latent_noise = NoiseStreams(model.latent_noise, self.seed, self._round)
        rows, first = max(1, self.batch_size // count), 0
        for batch in self.batch.split(self.batch_size):
            batch = batch.in_compute(model.observation)
            features = None if model.target_noise else model.features(batch.to(model.device))
            start = 0
            for some in batch.split(rows):
                stop = start + len(some)
                chosen = None if features is None else {name: value[start:stop] for name, value in features.items()}
                self._add(slice(first + start, first + stop), some, chosen, count, target_noise, latent_noise)
                self.tell(len(some) * count)
                start = stop
            first += len(batch)
        self.count, self._round = self.count + count, self._round + 1

    def _add(
        self,
        rows: slice,
        batch: Batch,
        features: dict[str, Tensor] | None,
        count: int,
        target_noise: NoiseStreams,
        latent_noise: NoiseStreams,
    ) -> None:
        """Adds draws of the observations at those rows. `features` are None where what is encoded is drawn."""
        model, n = self.model, len(batch) * count
        target = batch.repeat(count)
        if features is None:
            target = model.target(target, target_noise.draw(n)).to(model.device)
            features = model.features(target)
        else:
            target, features = target.to(model.device), repeat(features, count)
        latent = model.latent(features, latent_noise.draw(n, model.device))
        # Figures go to the CPU first, because not every device has float64.
        figures = [-model.log_likelihood(latent.codes, target).cpu().double()]
        if latent.rate is not None:
            rate = latent.rate.cpu().double()
            figures += [rate, figures[0] + rate]
            self._add_dimensions(latent)
        for i, figure in enumerate(figures):
            figure = figure.reshape(len(batch), count)
            self._sums[i, rows] += figure.sum(1)
            self._squares[i, rows] += (figure**2).sum(1)

    def _add_dimensions(self, latent: Latent) -> None:
        found = [group.rate_by_dimension for group in latent.groups.values()]
        known = [value for value in found if value is not None]
        if len(known) < len(found):
            return
        total = torch.cat([value.cpu().double().sum(0) for value in known])
        self._by_dimension = total if self._by_dimension is None else self._by_dimension + total

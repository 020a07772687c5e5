"""Distortion and rate of each image, averaged over draws of the code, with the standard error of their means."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from vae_core.autoencoder import Autoencoder
from vae_core.batch import scale
from vae_core.metrics.chance import LATENT, PIXELS, Stream
from vae_core.metrics.table import METRICS

FEWEST_DRAWS, MOST_DRAWS = 16, 64
"""Draws of each image where their number is left to the standard error."""
ROUND = 8
"""Draws of each image that are taken at a time."""
FIGURES = ("distortion", "rate", "negative_elbo")


def is_random(model: Autoencoder) -> bool:
    """Whether two draws of one image differ: where its code, or the pixels that are scored, are drawn."""
    return model.posterior.stochastic or model.likelihood.wants_noise


class Draws:
    """Running sums over the draws of N images x (N, C, H, W), uint8 or float in [0, 1].

    A draw is one code from q(z|x); where the likelihood is of binarised pixels, it is one binary image and one code of it. All
    draws of one image are independent, and independent of those of other images. They depend on the seed and not on
    `batch_size`, the number of codes that are decoded at a time (at least a round of one image).
    """

    def __init__(self, model: Autoencoder, x: Tensor, seed: int, batch_size: int, tell: Callable[[int], None]):
        self.model, self.x, self.seed, self.batch_size, self.tell = model, x, seed, batch_size, tell
        self.count, self._round = 0, 0
        self._sums, self._squares = (torch.zeros(len(FIGURES), len(x), dtype=torch.float64) for _ in range(2))
        self._by_group: Tensor | None = None

    @property
    def distortion(self) -> Tensor:
        """-log p(x|z), the mean over draws: float64 (N,), nats."""
        return self._sums[0] / self.count

    @property
    def rate(self) -> Tensor | None:
        """KL(q(z|x) || p(z)), the mean over draws: float64 (N,), nats; None where it is not defined."""
        return None if self._by_group is None else self._sums[1] / self.count

    @property
    def rate_by_group(self) -> Tensor | None:
        """Mean over draws and images for each group: float64 (groups,), nats."""
        return None if self._by_group is None else self._by_group / (self.count * len(self.x))

    def errors(self) -> dict[str, float | None]:
        """Standard error over draws of each figure's mean over the images, nats; None where one draw cannot tell, or where the
        figure is not defined.

        Draws are independent from image to image, so that their variances add up.
        """
        known = FIGURES if self._by_group is not None else FIGURES[:1]
        out: dict[str, float | None] = dict.fromkeys(FIGURES)
        if not is_random(self.model):
            return out | dict.fromkeys(known, 0.0)
        if self.count < 2:
            return out
        spread = (self._squares - self._sums**2 / self.count).clamp(min=0) / (self.count - 1)
        errors = (spread.sum(1) / self.count).sqrt() / len(self.x)
        return out | dict(zip(known, errors.tolist(), strict=False))

    def enough(self) -> bool:
        """Whether every standard error is below the last decimal that is shown of its figure, or there are `MOST_DRAWS`."""
        if self.count < FEWEST_DRAWS:
            return False
        known = all((error or 0.0) < 10.0 ** -METRICS[name].decimals for name, error in self.errors().items())
        return known or self.count >= MOST_DRAWS

    def take(self, count: int = ROUND) -> None:
        """One more round: `count` draws of each image, `ROUND` at most."""
        pixels, chance = Stream(self.seed, PIXELS, self._round), Stream(self.seed, LATENT, self._round)
        rows, first = max(1, self.batch_size // count), 0
        for batch in self.x.split(self.batch_size):
            batch = scale(batch) if batch.dtype == torch.uint8 else batch
            raw = None if self.model.likelihood.wants_noise else self.model.encoder(batch.to(self.model.device))
            for start in range(0, len(batch), rows):
                some = slice(start, min(start + rows, len(batch)))
                self._add(slice(first + some.start, first + some.stop), batch[some], raw if raw is None else raw[some],
                          count, pixels, chance)  # fmt: skip
                self.tell((some.stop - some.start) * count)
            first += len(batch)
        self.count, self._round = self.count + count, self._round + 1

    def _add(self, rows: slice, x: Tensor, raw: Tensor | None, count: int, pixels: Stream, chance: Stream) -> None:
        """Draws of the images x at those rows, whose encoder's output is `raw` unless their pixels are drawn."""
        model, n = self.model, len(x) * count
        target = x.repeat_interleave(count, 0)
        if raw is None:
            target = model.likelihood.targets(target, pixels.uniform(*target.shape)).to(model.device)
            raw = model.encoder(target)
        else:
            target, raw = target.to(model.device), raw.repeat_interleave(count, 0)
        noise = chance.normal(n, model.config.latent).to(model.device) if model.posterior.stochastic else None
        latent = model.posterior(raw, model.prior, noise)
        distortion = -model.likelihood.log_prob(model.decoder(latent.z), target)
        # To the CPU first: not every device has float64.
        figures = [distortion.cpu().double()]
        if latent.rate is not None:
            figures += [latent.rate.cpu().double(), distortion.cpu().double() + latent.rate.cpu().double()]
            by_group = latent.rate_by_group.cpu().double().sum(0)
            self._by_group = by_group if self._by_group is None else self._by_group + by_group
        for i, figure in enumerate(figures):
            figure = figure.reshape(len(x), count)
            self._sums[i, rows] += figure.sum(1)
            self._squares[i, rows] += (figure**2).sum(1)

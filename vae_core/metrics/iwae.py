"""A tighter bound on the log-likelihood than the ELBO."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from vae_core.batch import Batch, Observations, repeat
from vae_core.metrics.noise import NoiseStreams
from vae_core.models.autoencoder import Autoencoder, Values

MAX_DECODES = 200
MOST_SAMPLES = 5000
"""Largest number of importance samples that `evaluate` draws: more take hours and change hundredths of a nat."""


def iwae_nll(
    model: Autoencoder,
    x: Values | Observations,
    k: int,
    *,
    seed: int = 0,
    batch_size: int = 500,
    max_decodes: int = MAX_DECODES,
    progress: Callable[[int, int], None] | None = None,
) -> Tensor:
    """-log (1/k sum_i p(x, z_i) / q(z_i|x)) with k codes from q(z|x): (N,), nats (Burda, Grosse & Salakhutdinov 2016, eq. 8).

    Its mean is an upper bound of -log p(x), which falls towards it as k grows; with k = 1 it is the negative ELBO of one
    draw. Grey pixels under a Bernoulli have no p(x): there it bounds the same integral with the cross-entropy in the place of
    the log-likelihood, and must be called so (`metrics.table.title`). Binarised pixels are drawn once an image, the same for
    one seed as those of `per_image` with one sample.

    Each image is encoded once; no more than `max_decodes` codes are decoded at a time, whatever k is. `progress` is called with
    the decoded codes, and those in all. Raises ValueError for a posterior that is a point, or k below 1.
    """
    if not model.capabilities.density:
        raise ValueError("A deterministic posterior has one code for each image, so that there are no importance samples.")
    if k < 1 or max_decodes < 1:
        raise ValueError(f"There are {k} importance samples, {max_decodes} at a time; at least 1 is needed of both.")
    batch = model.batch(x)
    target_noise, latent_noise = NoiseStreams(model.target_noise, seed), NoiseStreams(model.latent_noise, seed, importance=True)
    # Written into one tensor: small results kept between large decodes split the free memory, which then grows without end.
    out = torch.empty(len(batch), dtype=torch.float64)
    first = done = 0
    with model.inference():
        for piece in batch.split(batch_size):
            target = model.target(piece.in_compute(model.observation), target_noise.draw(len(piece))).to(model.device)
            features = model.features(target)
            for some in _rows(len(target), max(1, max_decodes // k)):
                total = torch.full((some.stop - some.start,), -math.inf, dtype=torch.float64)
                chosen = {name: value[some] for name, value in features.items()}
                observations = target.map(lambda value, some=some: value[some])
                for codes in _rows(k, max_decodes):
                    weights = _log_weights(model, observations, chosen, codes.stop - codes.start, latent_noise)
                    total = torch.logaddexp(total, weights.logsumexp(1))
                    done += weights.numel()
                    if progress:
                        progress(done, len(batch) * k)
                out[first + some.start : first + some.stop] = math.log(k) - total
            first += len(target)
    return out


def _rows(n: int, most: int) -> Iterator[slice]:
    """Slices of at most `most` that cover n rows."""
    for start in range(0, n, most):
        yield slice(start, min(start + most, n))


def _log_weights(model: Autoencoder, batch: Batch, features: dict[str, Tensor], k: int, latent_noise: NoiseStreams) -> Tensor:
    """The log weights log p(x, z) - log q(z|x) of k codes drawn for each of n observations: (n, k), float64 on the CPU."""
    n = len(batch)
    latent = model.latent(repeat(features, k), latent_noise.draw(n * k, model.device))
    log_p_x = model.log_likelihood(latent.codes, batch.repeat(k))
    # Figures go to the CPU first, because not every device has float64.
    log_p_x, log_p, log_q = (t.cpu().double() for t in (log_p_x, latent.log_p, latent.log_q))
    return (log_p_x + log_p - log_q).reshape(n, k)

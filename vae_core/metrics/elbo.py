"""What held-out images cost under a model, image by image and in the mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.autoencoder import Autoencoder, Images
from vae_core.batch import as_images, scale
from vae_core.metrics.activity import active_units
from vae_core.metrics.chance import LATENT, PIXELS, Stream
from vae_core.metrics.image import ssim
from vae_core.metrics.iwae import MOST_SAMPLES, iwae_nll

Progress = Callable[[int, int], None]
"""Called as progress(done, total), in images; where k importance samples are drawn, an image counts k + 1 times."""


@dataclass(frozen=True, eq=False)
class PerImage:
    """What is known of N images that a model was not trained on, on the CPU; None where the model does not define it."""

    mean: Tensor
    """The code that stands for each image, as `Autoencoder.encode` gives it: float32 (N, d)."""
    scale: Tensor | None
    """Standard deviation of each dimension of the posterior: float32 (N, d)."""
    distortion: Tensor
    """-log p(x|z), the mean over draws of z from q(z|x): float64 (N,), nats."""
    rate: Tensor | None
    """KL(q(z|x) || p(z)): float64 (N,), nats."""
    rate_by_group: Tensor | None
    """Its mean over images for each group: float64 (groups,), nats."""
    mse: Tensor
    """Mean squared error over pixels, of the reconstruction at the mean code: float32 (N,)."""
    ssim: Tensor | None
    """Structural similarity of the same reconstruction, where it was asked for: float32 (N,)."""


def per_image(
    model: Autoencoder,
    x: Images,
    *,
    seed: int = 0,
    samples: int = 1,
    batch_size: int = 500,
    with_ssim: bool = False,
    progress: Progress | None = None,
) -> PerImage:
    """The figures of each image x (N, C, H, W), uint8 or float in [0, 1].

    Distortion and rate are those of training: a stochastic posterior's code is drawn `samples` times, a deterministic one's
    is a point, and where the likelihood is of binarised pixels these are drawn once for each image, encoded and scored. Codes,
    MSE and SSIM are of the image as given. All noise is a function of the seed, whatever the batch size. Raises ValueError on
    images that are not of the model's shape and range, on none, and on fewer than one sample.
    """
    x = as_images(x, model.config.image)
    if len(x) == 0:
        raise ValueError("There are no images to measure.")
    if samples < 1:
        raise ValueError(f"There are {samples} samples of each code; at least 1 is needed.")
    pixels, chance = Stream(seed, PIXELS), Stream(seed, LATENT)
    columns: list[tuple[Tensor | None, ...]] = []
    groups: Tensor | None = None
    done = 0
    with model.inference():
        for piece in x.split(batch_size):
            piece = scale(piece) if piece.dtype == torch.uint8 else piece
            *column, by_group = _measure(model, piece, samples, pixels, chance, with_ssim)
            columns.append(tuple(column))
            if by_group is not None:
                groups = by_group if groups is None else groups + by_group
            done += len(piece)
            if progress:
                progress(done, len(x))
    mean, deviation, distortion, rate, mse, likeness = (
        None if c[0] is None else torch.cat(c) for c in zip(*columns, strict=True)
    )
    return PerImage(mean, deviation, distortion, rate, None if groups is None else groups / len(x), mse, likeness)


def _measure(
    model: Autoencoder, x: Tensor, samples: int, pixels: Stream, chance: Stream, with_ssim: bool
) -> tuple[Tensor | None, ...]:
    """Code, scale, distortion, rate, MSE and SSIM of some images, and the sum of their rate by group; on the CPU."""
    noise = pixels.uniform(*x.shape) if model.likelihood.wants_noise else None
    target = model.likelihood.targets(x, noise).to(model.device)
    raw = raw_of_x = model.encoder(target)
    if noise is not None:
        raw_of_x = model.encoder(x.to(model.device))
    mean = model.posterior.mean(raw_of_x)
    reconstruction = model.mean_image(mean).cpu()
    likeness = ssim(reconstruction, x) if with_ssim else None
    mse = ((reconstruction - x) ** 2).flatten(1).mean(1)

    draws: list[Tensor | None] = [None]
    if model.posterior.stochastic:
        draws = list(chance.normal(len(x), samples, model.config.latent).to(model.device).unbind(1))
    distortions, rates, by_groups = [], [], []
    for draw in draws:
        latent = model.posterior(raw, model.prior, draw)
        distortions.append(-model.likelihood.log_prob(model.decoder(latent.z), target))
        rates.append(latent.rate)
        by_groups.append(latent.rate_by_group)
    distortion, rate, by_group = _mean(distortions), _mean(rates), _mean(by_groups)
    by_group = None if by_group is None else by_group.sum(0)
    deviation = model.posterior.scale(raw_of_x)
    return mean.cpu(), None if deviation is None else deviation.cpu(), distortion, rate, mse, likeness, by_group


def _mean(draws: list[Tensor | None]) -> Tensor | None:
    if draws[0] is None:
        return None
    # To the CPU first: not every device has float64.
    return torch.stack([d.cpu().double() for d in draws]).mean(0)


def evaluate(
    model: Autoencoder,
    x: Images,
    *,
    seed: int = 0,
    samples: int = 1,
    iwae_samples: int = 0,
    batch_size: int = 500,
    progress: Progress | None = None,
) -> dict[str, float | int | None]:
    """The figures of a model on images x (N, C, H, W), uint8 or float in [0, 1]: means over images, None where not defined.

    distortion, rate, negative_elbo: nats an image. mse, ssim: of the reconstruction at the mean code. active_units: of
    a stochastic posterior. n: images. With `iwae_samples`, iwae_nll (nats) and the number of samples, without which it says
    nothing. Only figures of one `LikelihoodConfig.scale` are comparable in nats. Noise, memory and errors: as for `per_image`
    and `iwae_nll`.
    """
    if not 0 <= iwae_samples <= MOST_SAMPLES:
        raise ValueError(f"There are {iwae_samples} importance samples; 0 to {MOST_SAMPLES} can be drawn.")
    x = as_images(x, model.config.image)
    total = len(x) * (1 + iwae_samples)
    seen = per_image(
        model,
        x,
        seed=seed,
        samples=samples,
        batch_size=batch_size,
        with_ssim=True,
        progress=progress and (lambda done, _: progress(done, total)),
    )
    out = summarise(seen)
    if iwae_samples:
        out |= {"iwae_samples": iwae_samples, "iwae_nll": None}
        if model.posterior.stochastic:
            forward = progress and (lambda done, _: progress(len(x) + done, total))
            nll = iwae_nll(model, x, iwae_samples, seed=seed, batch_size=batch_size, progress=forward)
            out["iwae_nll"] = float(nll.mean())
    return out


def summarise(seen: PerImage) -> dict[str, float | int | None]:
    """The figures of `evaluate`, from those of each image with their SSIM."""
    distortion = float(seen.distortion.mean())
    rate = None if seen.rate is None else float(seen.rate.mean())
    return {
        "n": len(seen.mean),
        "distortion": distortion,
        "rate": rate,
        "negative_elbo": None if rate is None else distortion + rate,
        "mse": float(seen.mse.double().mean()),
        "ssim": float(seen.ssim.double().mean()),
        "active_units": None if rate is None else active_units(seen.mean),
    }

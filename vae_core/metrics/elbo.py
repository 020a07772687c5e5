"""Distortion, rate and likeness of held-out images, image by image and in the mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.batch import Batch, Observations
from vae_core.metrics.activity import active_units, perplexity
from vae_core.metrics.draws import MOST_DRAWS, ROUND, Draws, is_random
from vae_core.metrics.iwae import MOST_SAMPLES, iwae_nll
from vae_core.metrics.likeness import likeness
from vae_core.metrics.noise import NoiseStreams
from vae_core.models.autoencoder import Autoencoder, Values
from vae_core.models.latent import Latent

Progress = Callable[[int, int], None]
"""Called as progress(done, total), in images; an image counts once for every time that it may be decoded."""


@dataclass(frozen=True, eq=False)
class PerImage:
    """Codes and figures of N images on the CPU; None where the model does not define them."""

    mean: Tensor
    """The code that stands for each image, as `Autoencoder.encode` gives it: (N, *shape of the top group)."""
    scale: Tensor | None
    """Standard deviation of each dimension of the posterior: float32 (N, d)."""
    distortion: Tensor
    """-log p(x|z), the mean over draws of z from q(z|x): float64 (N,), nats. A deterministic posterior has one z."""
    rate: Tensor | None
    """KL(q(z|x) || p(z)): float64 (N,), nats; the mean over draws of the pixels where these are binarised."""
    rate_by_dimension: Tensor | None
    """The rate of each dimension, the mean over images: float64 (d,), nats; None where the rate is no sum over dimensions."""
    independent_dimensions: bool
    """True if each dimension of a code can vary alone, so that it makes sense to count the active ones."""
    samples: int
    """Draws of each image."""
    errors: dict[str, float | None]
    """Standard errors over draws of the means over images of `distortion`, `rate` and `negative_elbo`, nats."""
    likeness: dict[str, Tensor]
    """Figures of the reconstruction at the mean code and the observation as given, by their names in `metrics.table`: float32
    (N,). Where the likelihood is of binarised pixels, also those of a binarised image and the reconstruction at its own mean
    code, whose names end in `_binarized`."""


def per_image(
    model: Autoencoder,
    x: Values | Observations,
    *,
    seed: int = 0,
    samples: int | None = None,
    batch_size: int = 500,
    with_ssim: bool = False,
    progress: Progress | None = None,
) -> PerImage:
    """The figures of each image of x: a split, a batch, images (N, C, H, W), uint8 or float in [0, 1], or texts.

    A model that is given a class takes a split or a batch, which have the classes with them.

    Distortion and rate are those of training, averaged over draws of the code and, where the likelihood is of binarised
    pixels, of these pixels, which are encoded and scored. `samples` is the number of draws of each image; None: 16, and up to
    64 where the standard error of a mean over images is not below the last decimal that is shown of it. Where nothing is
    random, there is one draw. Codes, MSE and SSIM are of the image as given. All noise is a function of the seed, whatever the
    batch size. Raises ValueError on images that are not of the model's shape and range, on none, and on fewer than one sample.
    """
    batch = model.batch(x)
    if len(batch) == 0:
        raise ValueError(f"There are no {model.modelled.noun}s to measure.")
    if samples is not None and samples < 1:
        raise ValueError(f"There are {samples} samples of each code; at least 1 is needed.")
    count, total = 0, len(batch) * most_passes(model, samples)

    def tell(done: int) -> None:
        nonlocal count
        count += done
        if progress and done:
            progress(count, total)

    if not is_random(model):
        samples = 1
    with model.inference():
        seen = _at_the_mean(model, batch, seed, batch_size, with_ssim, tell)
        draws = Draws(model, batch, seed, batch_size, tell)
        while not draws.enough() if samples is None else draws.count < samples:
            draws.draw(ROUND if samples is None else min(ROUND, samples - draws.count))
        tell(total - count)
    mean, deviation, alike = seen
    return PerImage(
        mean, deviation, draws.distortion, draws.rate, draws.rate_by_dimension,
        model.space.independent_dimensions, draws.count, draws.errors(), alike,
    )  # fmt: skip


def most_passes(model: Autoencoder, samples: int | None = None) -> int:
    """The largest number of times that `per_image` decodes an image, as its progress counts it."""
    return 1 + ((samples or MOST_DRAWS) if is_random(model) else 1)


def _at_the_mean(
    model: Autoencoder, batch: Batch, seed: int, batch_size: int, with_ssim: bool, tell: Callable[[int], None]
) -> tuple[Tensor, Tensor | None, dict[str, Tensor]]:
    """Code, scale and likeness of each observation at its mean code, and of one whose pixels are binarised; on the CPU."""
    streams = NoiseStreams(model.target_noise, seed)
    codes: list[Tensor] = []
    scales: list[Tensor] = []
    figures: dict[str, list[Tensor]] = {}
    for piece in batch.split(batch_size):
        piece = piece.in_compute(model.observation)
        latent = model.infer(piece.to(model.device))
        top = latent.groups[model.latents.top.name]
        codes.append(top.z.cpu())
        if top.scale is not None:
            scales.append(top.scale.cpu())
        found = _likeness(model, latent, piece, with_ssim)
        if model.target_noise:
            target = model.target(piece, streams.draw(len(piece)))
            drawn = _likeness(model, model.infer(target.to(model.device)), target, with_ssim)
            found |= {f"{name}_binarized": value for name, value in drawn.items()}
        for name, value in found.items():
            figures.setdefault(name, []).append(value)
        tell(len(piece))
    alike = {name: torch.cat(values) for name, values in figures.items()}
    return torch.cat(codes), torch.cat(scales) if scales else None, alike


def _likeness(model: Autoencoder, latent: Latent, wanted: Batch, with_ssim: bool) -> dict[str, Tensor]:
    """The likeness of the decoded codes and the wanted observations."""
    found = model.decoded(latent.codes, model.condition(wanted.to(model.device))).cpu()
    return likeness(model.modelled, found, wanted[model.modelled.name], with_ssim)


def evaluate(
    model: Autoencoder,
    x: Values | Observations,
    *,
    seed: int = 0,
    samples: int | None = None,
    iwae_samples: int = 0,
    batch_size: int = 500,
    progress: Progress | None = None,
) -> dict[str, float | int | None]:
    """The figures of a model on observations x, as `per_image` takes them: means over images, None where not defined.

    distortion, rate, negative_elbo: nats an image, averaged over draws of the code, with their standard errors over draws
    (distortion_se ...) and the number of draws (samples). mse, ssim of images, token_accuracy, exact_match of texts: of the
    reconstruction at the mean code and the observation as given; mse_binarized, ssim_binarized: of a binarised image, where the
    likelihood is of such. active_units: where the model has a rate and its dimensions are independent. code_perplexity: where
    codes are whole numbers. n: images. With `iwae_samples`, iwae_nll (nats) and the number of samples, without which it says
    nothing. Only figures of one `LikelihoodConfig.scale` are comparable in nats. Noise, memory and errors: as for `per_image`
    and `iwae_nll`.
    """
    if not 0 <= iwae_samples <= MOST_SAMPLES:
        raise ValueError(f"There are {iwae_samples} importance samples; 0 to {MOST_SAMPLES} can be drawn.")
    count, passes = len(model.batch(x)), most_passes(model, samples)
    total = count * (passes + (iwae_samples if model.capabilities.density else 0))
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
        if model.capabilities.density:
            forward = progress and (lambda done, _: progress(passes * count + done, total))
            nll = iwae_nll(model, x, iwae_samples, seed=seed, batch_size=batch_size, progress=forward)
            out["iwae_nll"] = float(nll.mean())
    return out


def summarise(seen: PerImage) -> dict[str, float | int | None]:
    """The figures of `evaluate`, from those of each image with their SSIM."""
    distortion = float(seen.distortion.mean())
    rate = None if seen.rate is None else float(seen.rate.mean())
    out = {
        "n": len(seen.mean),
        "samples": seen.samples,
        "distortion": distortion,
        "rate": rate,
        "negative_elbo": None if rate is None else distortion + rate,
        "active_units": active_units(seen.mean) if rate is not None and seen.independent_dimensions else None,
    }
    if not seen.mean.is_floating_point():
        out["code_perplexity"] = perplexity(seen.mean)
    out |= {f"{name}_se": error for name, error in seen.errors.items()}
    return out | {name: float(value.double().mean()) for name, value in seen.likeness.items()}

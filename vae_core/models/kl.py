"""KL(q(z|x) || p(z)) in closed form: a registry by the types of posterior and prior, as in torch.distributions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from vae_core.batch import Noise
from vae_core.models.latent import GroupLatent
from vae_core.models.posteriors import DiagonalGaussian, FullGaussian, Posterior, VectorQuantized, VonMisesFisher
from vae_core.models.priors import ConditionalNormal, Prior, StandardNormal, UniformCodes, UniformSphere

Registered = TypeVar("Registered", bound=Callable[..., Tensor])
ClosedForm = Callable[[Posterior, Tensor, Prior, Tensor | None], Tensor]
"""From posterior, raw parameters (B, raw_size), prior and condition to the KL in nats: (B, d) where it is a sum over
dimensions, else (B,)."""

CLOSED_FORMS: dict[tuple[type[Posterior], type[Prior]], ClosedForm] = {}


def register_kl(posterior: type[Posterior], prior: type[Prior]) -> Callable[[Registered], Registered]:
    """Registers a closed form of the KL for a pair of types."""

    def register(function: Registered) -> Registered:
        CLOSED_FORMS[posterior, prior] = function
        return function

    return register


def kl_divergence(posterior: Posterior, raw: Tensor, prior: Prior, condition: Tensor | None = None) -> Tensor | None:
    """KL(q(z|x) || p(z)) in nats, (B, d) or (B,); None where the pair of types has no closed form."""
    function = CLOSED_FORMS.get((type(posterior), type(prior)))
    return None if function is None else function(posterior, raw, prior, condition)


def group_latent(
    posterior: Posterior, raw: Tensor, prior: Prior, noise: Noise | None, condition: Tensor | None = None
) -> tuple[GroupLatent, dict[str, Tensor]]:
    """Codes of one group, and the further terms of the posterior.

    The codes are drawn with `noise`, or stand for the observations where it is None.
    Without noise, log q and log p are None, and so is a rate without a closed form.
    """
    kl = kl_divergence(posterior, raw, prior, condition)
    by_dimension = kl if kl is not None and kl.ndim == 2 else None
    rate = kl if by_dimension is None else by_dimension.sum(1)
    if noise is None:
        return GroupLatent(posterior.mean(raw), rate=rate, rate_by_dimension=by_dimension, scale=posterior.scale(raw)), {}
    draw = posterior.draw(raw, noise)
    if draw.log_prob is None:
        return GroupLatent(draw.z), dict(draw.terms)
    log_p = prior.log_prob(draw.z, condition)
    if rate is None:
        rate = draw.log_prob - log_p
    return GroupLatent(draw.z, draw.log_prob, log_p, rate, by_dimension), dict(draw.terms)


@register_kl(DiagonalGaussian, StandardNormal)
def _diagonal_gaussian(posterior: DiagonalGaussian, raw: Tensor, prior: StandardNormal, condition: Tensor | None) -> Tensor:
    """Kingma & Welling 2014, appendix B."""
    mu, logvar = posterior.parameters_of(raw)
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


@register_kl(DiagonalGaussian, ConditionalNormal)
def _conditional(posterior: DiagonalGaussian, raw: Tensor, prior: ConditionalNormal, condition: Tensor | None) -> Tensor:
    """The KL of two diagonal Gaussians, (B, d) (Kingma & Welling 2014, appendix B, for any mean and variance)."""
    (mu, logvar), (prior_mu, prior_logvar) = posterior.parameters_of(raw), prior.parameters_of(condition)
    ratio = logvar - prior_logvar
    return 0.5 * ((mu - prior_mu) ** 2 * torch.exp(-prior_logvar) + ratio.exp() - 1 - ratio)


@register_kl(FullGaussian, StandardNormal)
def _full_gaussian(posterior: FullGaussian, raw: Tensor, prior: StandardNormal, condition: Tensor | None) -> Tensor:
    """0.5 * (tr(L L^T) + |mu|^2 - d - log det(L L^T)), which is no sum over dimensions: (B,)."""
    mu, logvar, below = posterior.parameters_of(raw)
    return 0.5 * ((mu**2 + logvar.exp() - 1 - logvar).sum(1) + below.square().sum((1, 2)))


@register_kl(VonMisesFisher, UniformSphere)
def _von_mises_fisher(posterior: VonMisesFisher, raw: Tensor, prior: UniformSphere, condition: Tensor | None) -> Tensor:
    """Xu & Durrett 2018, eq. 3: the same number for every observation, because the concentration is fixed."""
    return raw.new_full(raw.shape[:1], -posterior.entropy - prior.log_density, dtype=torch.float32)


@register_kl(VectorQuantized, UniformCodes)
def _vector_quantized(posterior: VectorQuantized, raw: Tensor, prior: UniformCodes, condition: Tensor | None) -> Tensor:
    """Minus the log-probability of one grid, h w log K: all of q(z|x) lies on one grid (van den Oord et al. 2017, sec. 3.1)."""
    return -prior.log_prob(raw, condition)

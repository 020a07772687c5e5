"""Figures of a model: `evaluate` gives means over images, `per_image` those of each image, `disentanglement` scores codes."""

from vae_core.metrics.activity import active_units
from vae_core.metrics.disentanglement import disentanglement
from vae_core.metrics.elbo import PerImage, Progress, evaluate, most_passes, per_image, summarise
from vae_core.metrics.image import ssim
from vae_core.metrics.iwae import iwae_nll

__all__ = [
    "PerImage",
    "Progress",
    "active_units",
    "disentanglement",
    "evaluate",
    "iwae_nll",
    "most_passes",
    "per_image",
    "ssim",
    "summarise",
]

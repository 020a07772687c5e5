"""How good a model is: `evaluate` its figures, `held_out` what is known of each image, `disentanglement` its codes."""

from vae_core.metrics.activity import active_units
from vae_core.metrics.disentanglement import disentanglement
from vae_core.metrics.elbo import HeldOut, Progress, evaluate, held_out
from vae_core.metrics.image import ssim
from vae_core.metrics.iwae import iwae_nll

__all__ = ["HeldOut", "Progress", "active_units", "disentanglement", "evaluate", "held_out", "iwae_nll", "ssim"]

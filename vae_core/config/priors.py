"""p(z): the distribution that codes are drawn from when no observation is given."""

from __future__ import annotations

from vae_core.config.base import Config


class PriorConfig(Config, axis=True):
    """A distribution over codes."""


class StandardNormalConfig(PriorConfig, kind="normal"):
    """N(0, I)."""

"""From a configuration to a model."""

from __future__ import annotations

from collections.abc import Callable

from vae_core.config import FlatConfig, GridConfig, ModelConfig, StructureConfig, TwoLayerConfig
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.flat import FlatAutoencoder
from vae_core.models.grid import GridAutoencoder
from vae_core.models.two_layer import TwoLayerAutoencoder

STRUCTURES: dict[type[StructureConfig], Callable[[ModelConfig], Autoencoder]] = {
    FlatConfig: FlatAutoencoder,
    TwoLayerConfig: TwoLayerAutoencoder,
    GridConfig: GridAutoencoder,
}
"""Models by their structure."""


def build_model(config: ModelConfig) -> Autoencoder:
    """A model with new weights. Raises ConfigError where the parts do not go together."""
    return STRUCTURES[type(config.structure)](config)

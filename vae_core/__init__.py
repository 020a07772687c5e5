"""Autoencoders to be seen into: models, training, inference and metrics, without a screen.

>>> import vae_core
>>> checkpoint = vae_core.load("mnist-vae-2")
>>> images = checkpoint.model.decode([[0.0, 1.0]])
"""

from vae_core.checkpoint import Checkpoint, CheckpointError, save
from vae_core.checkpoint.registry import load
from vae_core.config import ConfigError, ModelConfig, TrainConfig
from vae_core.data import DataError, load_dataset
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.training import TrainingError, fit
from vae_core.zoo import ZOO, model_config

__all__ = [
    "ZOO",
    "Autoencoder",
    "Checkpoint",
    "CheckpointError",
    "ConfigError",
    "DataError",
    "ModelConfig",
    "TrainConfig",
    "TrainingError",
    "build_model",
    "fit",
    "load",
    "load_dataset",
    "model_config",
    "save",
]

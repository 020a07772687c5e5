"""The models of pad_app.py. Streamlit runs that script anew, in several threads at once, and imports this module only once."""

from __future__ import annotations

import functools
import threading

import torch

from vae_core.config import ConvConfig, ModelConfig
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model

MODELS = {
    "digits": ModelConfig.for_images(image=(1, 28, 28), latent=2),
    "faces": ModelConfig.for_images(image=(3, 64, 64), latent=32, net=ConvConfig(channels=(32, 64, 128, 256))),
}


BUILDING = threading.Lock()
"""Held while weights are drawn: all threads share torch's random state."""


@functools.cache
def _built(kind: str, seed: int) -> Autoencoder:
    torch.manual_seed(seed)
    built = build_model(MODELS[kind])
    with torch.no_grad():
        for layer in built.decoder.modules():
            if isinstance(layer, torch.nn.Linear | torch.nn.ConvTranspose2d):
                layer.weight.mul_(2)
    return built.eval()


def model(kind: str, seed: int = 0) -> Autoencoder:
    """An untrained model whose weights are large, so that it draws something."""
    with BUILDING:
        return _built(kind, seed)

"""Small nets, which are soon compiled."""

from __future__ import annotations

from torch import nn

from vae_core.models.autoencoder import Autoencoder


def with_batch_norm(model: Autoencoder) -> Autoencoder:
    """A model with fully connected layers, with batch norm after the first layer of its encoder and of its decoder."""
    for net in (model.encoder, model.decoder):
        first = next(i for i, layer in enumerate(net.body) if isinstance(layer, nn.Linear))
        net.body.insert(first + 1, nn.BatchNorm1d(net.body[first].out_features))
    return model

"""Decoding on the server, for pages that cannot run a model themselves."""

from __future__ import annotations

import copy
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import streamlit as st
import torch
from threadpoolctl import threadpool_limits

from explorer.services import models
from vae_core import devices
from vae_core.batch import one_hot
from vae_core.models.autoencoder import Autoencoder

CHUNK = 64
"""Number of codes that are decoded at once."""
MAX_THREADS = 4


def _use_few_threads() -> None:
    # This limits one thread only; torch's own setting is for the whole process. Where a browser or a training run occupies one
    # of the cores, more threads would wait for each other.
    threadpool_limits(max(1, min(MAX_THREADS, (os.cpu_count() or 1) // 2)), user_api="openmp")


executor = ThreadPoolExecutor(1, "decoding", _use_few_threads)
"""The executor that all decoding runs in, one request at a time: two at once would each take twice as long."""


def model_on_device(name: str) -> Autoencoder:
    """The model of that name on the fastest device. Raises CheckpointError where its file is gone or broken."""
    return _on_device(name, models.file_version(name))


@st.cache_resource(max_entries=models.MODELS_IN_MEMORY, show_spinner=False)
def _on_device(name: str, version: int) -> Autoencoder:
    model, device = models.load(name).model, devices.pick()
    # Checkpoints are loaded in evaluation mode, and a copy keeps it.
    return model if device == model.device else copy.deepcopy(model).to(device)


def row_length(model: Autoencoder) -> int:
    """Numbers of a row of `codes` below: a code, the class where the model is given one, and the details where it has any."""
    return model.config.code_size + len(model.capabilities.conditions) + model.detail_size


def conditions_exist(model: Autoencoder, codes: np.ndarray) -> bool:
    """True if the classes in rows of codes are classes of the model."""
    counts = model.capabilities.conditions.values()
    classes = codes[:, model.config.code_size :][:, : len(counts)]
    return all(bool(np.isin(column, np.arange(count)).all()) for column, count in zip(classes.T, counts, strict=True))


def mean_images(model: Autoencoder, codes: np.ndarray) -> np.ndarray:
    """The mean images of codes, float32 (N, row length) to float16 (N, C, H, W).

    Raises ValueError on values that are in no code of the model, as `squared_distances` does.
    """
    return _decoded(model, codes, torch.Tensor.half)


def squared_distances(model: Autoencoder, codes: np.ndarray) -> np.ndarray:
    """Squared distances between the images of codes 1 and 2, of codes 3 and 4, and so on.

    Codes are float32 (2N, row length), and distances float32 (N,).
    """
    return _decoded(model, codes, _squared_distances_of_pairs)


def _decoded(model: Autoencoder, codes: np.ndarray, then) -> np.ndarray:
    with torch.inference_mode():
        chunks = torch.from_numpy(codes).to(model.device).split(CHUNK)
        return torch.cat([then(_mean_image(model, chunk)).cpu() for chunk in chunks]).numpy()


def _mean_image(model: Autoencoder, rows: torch.Tensor) -> torch.Tensor:
    size, counts = model.config.code_size, model.capabilities.conditions.values()
    z, classes, details = rows.tensor_split([size, size + len(counts)], 1)
    z = model.space.checked(z.reshape(-1, *model.config.structure.code_shape))
    given = [one_hot(classes[:, i], count) for i, count in enumerate(counts)]
    condition = torch.cat(given, 1) if given else None
    return model.decoded(model.complete(z, details, condition), condition)


def _squared_distances_of_pairs(images: torch.Tensor) -> torch.Tensor:
    first, second = images.unflatten(0, (-1, 2)).unbind(1)
    return (second - first).square().flatten(1).sum(1)

"""The net and the learning rate that suit a time budget on this machine, for a run in which a person chooses neither."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from vae_core.config import ConfigError, MLPConfig, ModelConfig, NetConfig, ResidualConfig, TrainConfig
from vae_core.models.build import build_model

CANDIDATES: tuple[tuple[NetConfig, int], ...] = (
    (ResidualConfig(channels=(32, 64), hidden=(256,)), 300),
    (ResidualConfig(channels=(16, 32), hidden=(256,), conv_blocks=0), 150),
    (MLPConfig(), 0),
)
"""Nets from the largest to the smallest, and the number of steps from which each gets further than the next in equal time."""
SHORT_STEPS, SHORT_LR = 1000, 5e-3
"""A run of fewer steps than this gets further with this peak learning rate than with the usual one. On 4,000 digits of MNIST
and a code of 2 dimensions, 100 steps of the second net come to a validation loss of 160 nats, with the usual rate to 191; 300
steps of the third come to 162 and 166. The share of the run in which the rate rises hardly matters."""
TIMED_STEPS = 3
HASTE = 4
"""A first step that takes so many times as long as fits, which is more than what starting up adds, ends the timing of a net."""


def defaults_for(
    train: TrainConfig, x: Tensor, model_of: Callable[[NetConfig], ModelConfig], device: torch.device
) -> tuple[NetConfig, TrainConfig]:
    """The net and the training that suit the time budget `train.seconds` on this machine.

    The net is the largest of CANDIDATES whose steps, timed on this machine, fit often enough into the budget, and the training
    is `train` with the learning rate for the number of steps that fit. The timing takes some steps of each net that is tried,
    a few hundredths of the budget. Torch's random state and number of threads are left as they were found.

    x: the training images, uint8 (N, C, H, W). model_of: the configuration of the model with a net. Raises ValueError where
    `train` has no budget in seconds.
    """
    if train.seconds is None:
        raise ValueError("The training has no budget in seconds.")
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(train.threads or threads)
        with torch.random.fork_rng():
            for net, least_steps in CANDIDATES:
                try:
                    config = model_of(net)
                except ConfigError as error:
                    # The image is too small to be halved so often.
                    if not error.field.endswith(".channels"):
                        raise
                    continue
                steps = train.seconds / step_seconds(config, x[: train.batch_size], train.seconds / max(1, least_steps), device)
                if steps >= least_steps:
                    return net, train.replace(lr=SHORT_LR) if steps < SHORT_STEPS else train
    finally:
        torch.set_num_threads(threads)
    raise AssertionError("The last of the candidates takes images of every size, and any number of steps.")


def step_seconds(config: ModelConfig, x: Tensor, enough: float, device: torch.device) -> float:
    """Seconds that a forward and backward pass of a batch takes.

    It is the shortest of TIMED_STEPS after one that is not counted, or the time of that one where it is far more than `enough`.
    """
    # The types of torch lack `to` with a layout alone.
    model = build_model(config).to(device).to(memory_format=torch.channels_last).train()  # pyright: ignore[reportCallIssue]
    # The time of a step does not depend on the class.
    batch = model.batch(x.to(device), 0 if model.conditions else None).to(device).in_compute(model.observation)
    images = (image.name for image in model.observation.images)
    batch = batch.replace(**{name: batch[name].contiguous(memory_format=torch.channels_last) for name in images})
    found = []
    for k in range(1 + TIMED_STEPS):
        begin = time.perf_counter()
        for phase in model.objective.phases:
            terms = model.terms(batch, model.draw_noise(len(x)), phase.terms)
            loss = model.objective(terms, model.objective.weights(1.0), phase.terms)
            loss.backward()
            # Reading a number waits for the device.
            loss.item()
        found.append(time.perf_counter() - begin)
        if k == 0 and found[0] > HASTE * enough:
            return found[0]
    return min(found[1:])

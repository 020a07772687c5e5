"""How much a net multiplies, and how fast a device can."""

from __future__ import annotations

import math
import statistics
import time

import torch
from torch import nn

from training.subprocesses import wait_for
from vae_core.batch import Batch
from vae_core.models.autoencoder import Autoencoder

FLOPS_OF_A_STEP = 3 * 2
"""For each multiply-accumulate of a forward pass: a multiplication and an addition, once forward and twice backward."""


def forward_macs(model: Autoencoder) -> int:
    """Multiply-accumulates of linear and convolution layers for one image, encoder and decoder, padding included."""
    total = 0

    def count(module: nn.Module, inputs: tuple, output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Linear):
            total += output.numel() * module.in_features
        elif isinstance(module, nn.ConvTranspose2d):
            # Each input value goes to every place of the kernel in each output channel.
            total += inputs[0].numel() * module.out_channels // module.groups * math.prod(module.kernel_size)
        else:
            total += output.numel() * module.in_channels // module.groups * math.prod(module.kernel_size)

    layers = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    try:
        with model.inference():
            x = torch.zeros(1, *model.config.image, device=model.device)
            model.terms(Batch({"image": x}), model.draw_noise(1))
    finally:
        for hook in hooks:
            hook.remove()
    return total


def matmul_peak(device: torch.device, dtype: torch.dtype, side: int = 8192) -> float:
    """Floating point operations a second in the product of two large square matrices: the median of five."""
    a = torch.randn(side, side, device=device).to(dtype)
    seconds = []
    for _ in range(7):
        wait_for(device)
        begin = time.perf_counter()
        a @ a
        wait_for(device)
        seconds.append(time.perf_counter() - begin)
    return 2 * side**3 / statistics.median(seconds[2:])

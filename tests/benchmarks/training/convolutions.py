"""Convolutions as matrix products (`training.gemm_convolution`) beside those of torch: one layer, forward and backward."""

from __future__ import annotations

import time
from typing import Any

import torch
import torch.nn.functional as F

from training.subprocesses import called
from training.timing import in_turns, ratios
from vae_core.training import gemm_convolution

BATCH = 128
LAYERS = {
    # Transposed or not; channels that come and go; positions a side that come; kernel; stride.
    "conv 128-256, 4x4 of stride 2, 14x14": (False, 128, 256, 14, 4, 2),
    "conv 256-512, 4x4 of stride 2, 7x7": (False, 256, 512, 7, 4, 2),
    "conv 512-1024, 4x4 of stride 2, 3x3": (False, 512, 1024, 3, 4, 2),
    "conv 256-512, 4x4 of stride 2, 16x16": (False, 256, 512, 16, 4, 2),
    "conv 512-512, 3x3, 8x8": (False, 512, 512, 8, 3, 1),
    "conv 512-512, 3x3, 4x4": (False, 512, 512, 4, 3, 1),
    "transposed 1024-512, 3x3 of stride 2, 4x4": (True, 1024, 512, 4, 3, 2),
    "transposed 512-256, 3x3 of stride 2, 7x7": (True, 512, 256, 7, 3, 2),
    "transposed 512-256, 4x4 of stride 2, 2x2": (True, 512, 256, 2, 4, 2),
    "transposed 512-256, 4x4 of stride 2, 16x16": (True, 512, 256, 16, 4, 2),
    "transposed 128-64, 4x4 of stride 2, 8x8": (True, 128, 64, 8, 4, 2),
}


class Passes:
    """Forward and backward passes of one layer; with `ours` as matrix products, whether training would take them or not."""

    def __init__(self, layer: str, batch: int, ours: bool):
        transposed, come, go, positions, kernel, self.stride = LAYERS[layer]
        self.convolution = F.conv_transpose2d if transposed else F.conv2d
        if ours:
            self.convolution = gemm_convolution.INSTEAD[self.convolution]
            # Of this process alone, which ends with the benchmark.
            gemm_convolution.LARGE, gemm_convolution.FEW = 0, 10**9
        torch.manual_seed(0)
        shape = (come, go) if transposed else (go, come)
        last = torch.channels_last
        self.x = torch.randn(batch, come, positions, positions).to(memory_format=last).requires_grad_()
        self.weight = torch.randn(*shape, kernel, kernel).to(memory_format=last).requires_grad_()
        self.gradient = torch.randn_like(self.forward().detach())

    def forward(self) -> torch.Tensor:
        return self.convolution(self.x, self.weight, None, self.stride, 1)

    def __call__(self, steps: int) -> float:
        begin = time.perf_counter()
        for _ in range(steps):
            torch.autograd.grad(self.forward(), (self.x, self.weight), self.gradient)
        return time.perf_counter() - begin


def layers(repeats: int, small: bool) -> dict[str, Any]:
    """Ratios above 1: the products are faster. `taken` are the layers that training computes so."""
    batch = 2 if small else BATCH
    found, taken = {}, []
    for name in [*LAYERS][:1] if small else LAYERS:
        runs = {kind: (called, Passes, name, batch, kind == "products") for kind in ("products", "torch")}
        (found[name],) = ratios(in_turns(runs, 1 if small else 5, repeats), "products").values()
        passes = Passes(name, 1, ours=False)
        coarse = passes.x if LAYERS[name][0] else passes.gradient
        if gemm_convolution.pays(passes.x, passes.weight, coarse.shape[2:]):
            taken.append(name)
    return {"figures": {}, "ratios": found, "about": {"data": "random", "taken": taken, "batch": batch, "repeats": repeats}}

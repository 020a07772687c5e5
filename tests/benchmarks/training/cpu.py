"""Training on a CPU: the MLP VAE 784-400-20 and pythae's convolutional VAE for MNIST, beside other code that trains them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from training import images, peers
from training.subprocesses import called, fitted
from training.timing import in_turns, ratios, speeds
from vae_core.config import TrainConfig

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Size:
    """How much of a benchmark is run."""

    steps: int
    """Optimiser steps in a round of a run."""
    repeats: int


def mlp(repeats: int, small: bool) -> dict[str, Any]:
    """The MLP beside PyTorch's example, pythae and a plain loop."""
    pictures, data = images.digits(2_000 if small else 50_000)
    others = {
        "example": (called, peers.Example, pictures, CPU),
        "pythae": (called, peers.Pythae, pictures, CPU, "mlp"),
        "plain": (called, peers.Plain, pictures, CPU),
    }
    return _compare(peers.our_mlp, others, pictures, data, Size(3 if small else 150, repeats), both=not small)


def conv(repeats: int, small: bool) -> dict[str, Any]:
    """pythae's convolutional net beside pythae."""
    pictures, data = images.digits(1_000 if small else 4_000)
    others = {"pythae": (called, peers.Pythae, pictures, CPU, "conv")}
    return _compare(peers.our_conv, others, pictures, data, Size(1 if small else 3, repeats), both=not small)


def _compare(model_of, others, pictures, data: str, size: Size, both: bool) -> dict[str, Any]:
    engines = ["eager", "compile"] if both and _has_compiler() else ["eager"]
    config = TrainConfig(steps=1, batch_size=peers.BATCH, lr=peers.LR)
    ours = {f"fit_{engine}": (fitted, model_of, pictures, config.replace(engine=engine), CPU) for engine in engines}
    seconds = in_turns({**ours, **others}, size.steps, size.repeats)
    images_a_round = size.steps * peers.BATCH
    compared = {}
    for name in ours:
        compared |= ratios({name: seconds[name], **{k: seconds[k] for k in others}}, name)
    about = {"data": data, "batch": peers.BATCH, "steps": size.steps, "repeats": size.repeats}
    return {"figures": speeds(seconds, images_a_round), "ratios": compared, "about": about}


def _has_compiler() -> bool:
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        return bool(get_cpp_compiler())
    except InvalidCxxCompiler:
        return False

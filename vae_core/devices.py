"""The choice of the device to compute on."""

from __future__ import annotations

import torch

NAMES = ("auto", "cpu", "cuda", "mps")


def described(device: torch.device) -> str:
    """A device in a person's words: `NVIDIA H200 (CUDA)`, `Apple GPU (MPS)`, `CPU`."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} (CUDA)"
    return {"mps": "Apple GPU (MPS)"}.get(device.type, device.type.upper())


def pick(name: str = "auto") -> torch.device:
    """The device of that name; `auto`: CUDA, else MPS, else the CPU. Raises ValueError where it is not there."""
    if name not in NAMES:
        raise ValueError(f"There is no device {name!r}; choose one of {', '.join(NAMES)}.")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, found in there.items() if found))
    if not there[name]:
        raise ValueError(f"This machine has no {name} device that torch can use; choose cpu or auto.")
    return torch.device(name)

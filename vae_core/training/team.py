"""The processes that train one model together, one a device, as `torchrun` starts them; most runs are a team of one.

Each process computes its share of every batch, and DistributedDataParallel means the gradients (Li et al. 2020, VLDB 13):
a team takes the steps that one process would take. What the clock or a person decides, all learn from one another.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn

AGREE_EVERY = 8
"""Steps between two looks at the clock and at who wants to stop, for which all wait for one another."""


class Team:
    """The processes of torch's default group, or this one alone where there is none."""

    def __init__(self) -> None:
        together = dist.is_available() and dist.is_initialized()
        self.size = dist.get_world_size() if together else 1
        self.rank = dist.get_rank() if together else 0
        self.agree_every = 1 if self.size == 1 else AGREE_EVERY
        # Numbers of the host go by way of the host: a device would have to be waited for.
        self._hosts = dist.new_group(backend="gloo") if self.size > 1 else None

    @property
    def leads(self) -> bool:
        """Whether this is the process that tells and writes."""
        return self.rank == 0

    def joined(self, module: nn.Module) -> nn.Module:
        """The module with the leader's weights, whose backward pass means the gradients of all."""
        return module if self.size == 1 else nn.parallel.DistributedDataParallel(module)

    def look(self, stop: bool) -> tuple[float, bool]:
        """The leader's clock in seconds, and whether anyone wants to stop."""
        if self.size == 1:
            return time.perf_counter(), stop
        told = torch.tensor([time.perf_counter() if self.leads else 0.0, float(stop)], dtype=torch.float64)
        dist.all_reduce(told, group=self._hosts)
        return told[0].item(), told[1].item() > 0

    def longest(self, seconds: float) -> float:
        """The largest of all."""
        if self.size == 1:
            return seconds
        told = torch.tensor(seconds, dtype=torch.float64)
        dist.all_reduce(told, dist.ReduceOp.MAX, group=self._hosts)
        return told.item()

    def summed(self, tensor: Tensor) -> Tensor:
        """The sum over all, as a new tensor on the same device."""
        total = tensor.clone()
        if self.size > 1:
            dist.all_reduce(total)
        return total

    def close(self) -> None:
        if self._hosts is not None:
            dist.destroy_process_group(self._hosts)


def processes() -> int:
    """How many processes `torchrun` has started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def torchrun(device: torch.device) -> Iterator[torch.device]:
    """Within it, the default group of the processes that `torchrun` started, and this one's own device; nothing without."""
    if processes() < 2:
        yield device
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield device
    finally:
        dist.destroy_process_group()

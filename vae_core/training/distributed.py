"""The processes that train one model together, one a device, as `torchrun` starts them; most runs have one process.

Each process computes its share of every batch, and DistributedDataParallel averages the gradients (Li et al. 2020, VLDB 13):
several processes take the steps that one would take. Decisions by the clock or by a person are shared by all processes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
import torch.distributed as dist
from torch import Tensor, nn

AGREE_EVERY = 8
"""Steps between two agreements on the clock and on stopping, for which all processes wait for one another."""


class ProcessGroup:
    """The processes of torch's default group, or this process alone where there is none."""

    def __init__(self) -> None:
        together = dist.is_available() and dist.is_initialized()
        self.size = dist.get_world_size() if together else 1
        self.rank = dist.get_rank() if together else 0
        self.agree_every = 1 if self.size == 1 else AGREE_EVERY
        # Numbers that are on the host are exchanged by gloo: nccl would have to wait for the device.
        self._hosts: dist.ProcessGroup | None = None
        if self.size > 1:
            # A process that is not in a new group gets a number in its place; every process is in this one.
            self._hosts = cast(dist.ProcessGroup, dist.new_group(backend="gloo"))

    @property
    def is_first(self) -> bool:
        """True if this is the process that reports and writes."""
        return self.rank == 0

    def wrapped(self, module: nn.Module, several_passes: bool) -> nn.Module:
        """The module with the weights of the first process, whose backward pass averages gradients over all processes.

        With `several_passes` not every parameter takes part in each pass.
        """
        return module if self.size == 1 else nn.parallel.DistributedDataParallel(module, find_unused_parameters=several_passes)

    def agree(self, stop: bool) -> tuple[float, bool]:
        """The clock of the first process in seconds, and whether any process wants to stop."""
        if self.size == 1:
            return time.perf_counter(), stop
        shared = torch.tensor([time.perf_counter() if self.is_first else 0.0, float(stop)], dtype=torch.float64)
        dist.all_reduce(shared, group=self._hosts)
        return shared[0].item(), shared[1].item() > 0

    def longest(self, seconds: float) -> float:
        """The largest of the numbers of all processes."""
        if self.size == 1:
            return seconds
        shared = torch.tensor(seconds, dtype=torch.float64)
        dist.all_reduce(shared, dist.ReduceOp.MAX, group=self._hosts)
        return shared.item()

    def summed(self, tensor: Tensor) -> Tensor:
        """The sum over all processes, as a new tensor on the same device."""
        total = tensor.clone()
        if self.size > 1:
            dist.all_reduce(total)
        return total

    def close(self) -> None:
        """Releases the connections of this group; torch's default group stays."""
        if self._hosts is not None:
            dist.destroy_process_group(self._hosts)


def process_count() -> int:
    """The number of processes that `torchrun` has started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def torchrun(device: torch.device) -> Iterator[torch.device]:
    """Opens the default group of the processes that `torchrun` started and gives the device of this one.

    Without `torchrun` there is no group, and `device` is given.
    """
    if process_count() < 2:
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

"""Data of a run: all on the device, or on the host, from which the rows of the next steps are brought ahead of time."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from vae_core.config.training import Source

SHARE = 0.5
"""Share of a device's free memory that data may take; the rest is for the model and its gradients."""


def free_bytes(device: torch.device) -> int | None:
    """Bytes that a device can still hold, or None where this cannot be found out.

    For a CPU it is all memory, which may already hold the data or have them mapped from a file.
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if not hasattr(os, "sysconf"):
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def streams(fields: Mapping[str, Tensor], device: torch.device, wanted: Source) -> bool:
    """True if data stay on the host: as wanted, or with `auto` where they do not fit on the device."""
    if wanted != "auto":
        return wanted == "streamed"
    room = free_bytes(device)
    if room is None:
        return False
    size = sum(value.nbytes for value in fields.values())
    if all(value.device == device for value in fields.values()):
        # Data in a CPU's memory fit into it, unless a file is mapped.
        return device.type == "cpu" and size > room
    return size > SHARE * room


class Prefetcher:
    """Gathers rows of data on the host, in memory or mapped from a file, and brings them to a device before they are used.

    A thread of its own gathers while the device computes, into pinned memory where the device is CUDA. It uses numpy alone: a
    thread in which torch computes would start a pool of threads of its own.
    """

    def __init__(self, fields: Mapping[str, Tensor], device: torch.device):
        self._fields, self._device = {name: value.cpu().numpy() for name, value in fields.items()}, device
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="prefetch")
        self._next: tuple[int, Future[dict[str, Tensor]]] | None = None
        self._staging: dict[str, Tensor] = {}
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None

    def get(self, key: int, rows_of: Callable[[int], np.ndarray]) -> dict[str, Tensor]:
        """The rows `rows_of(key)` of every field on the device: those that `expect` was called with, or rows gathered now."""
        expected = self._next
        if expected is None or expected[0] != key:
            expected = self.expect(key, rows_of)
        return expected[1].result()

    def expect(self, key: int, rows_of: Callable[[int], np.ndarray]) -> tuple[int, Future[dict[str, Tensor]]]:
        """Begins to bring the rows that `get` will be asked for next, and gives the key with the rows that will be there."""
        self._next = key, self._pool.submit(self._bring, rows_of(key))
        return self._next

    def empty(self, count: int) -> dict[str, Tensor]:
        """Zeros of the shapes that `get` gives for so many rows."""
        return {
            name: torch.zeros((count, *value.shape[1:]), dtype=torch.from_numpy(value[:0]).dtype, device=self._device)
            for name, value in self._fields.items()
        }

    def close(self) -> None:
        """Ends the thread."""
        self._pool.shutdown(cancel_futures=True)

    def _bring(self, rows: np.ndarray) -> dict[str, Tensor]:
        if self._stream is None:
            return {name: torch.from_numpy(value[rows]).to(self._device) for name, value in self._fields.items()}
        moved = {}
        for name, value in self._fields.items():
            staging = self._staging.get(name)
            if staging is None or len(staging) != len(rows):
                dtype = torch.from_numpy(value[:0]).dtype
                staging = self._staging[name] = torch.empty((len(rows), *value.shape[1:]), dtype=dtype, pin_memory=True)
            np.take(value, rows, axis=0, out=staging.numpy())
            with torch.cuda.stream(self._stream):
                moved[name] = staging.to(self._device, non_blocking=True)
        # Only then may the staging memory be written again, and the step read what was brought.
        self._stream.synchronize()
        for value in moved.values():
            value.record_stream(torch.cuda.default_stream(self._device))
        return moved

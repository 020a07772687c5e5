"""Where a run's images lie: all on the device, or on the host, from which those of the next steps are brought ahead of time."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from vae_core.config import Source

SHARE = 0.5
"""Of a device's free memory that images may take; the rest is for the model and its gradients."""


def free_bytes(device: torch.device) -> int | None:
    """What more a device can hold; of a CPU, all its memory, for images there are in it already or mapped from a file. None
    where no one can tell."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if not hasattr(os, "sysconf"):
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def streams(images: Tensor, device: torch.device, wanted: Source) -> bool:
    """Whether images stay on the host: as wanted, or where they do not fit."""
    if wanted != "auto":
        return wanted == "streamed"
    room = free_bytes(device)
    if room is None:
        return False
    if images.device == device:
        # In a CPU's memory there is no more of them than there is memory, unless a file is mapped.
        return device.type == "cpu" and images.nbytes > room
    return images.nbytes > SHARE * room


class Ahead:
    """Gathers rows of images on the host, in memory or mapped from a file, and brings them to a device: one lot ahead.

    A thread of its own gathers while the device computes, into pinned memory where the device is CUDA. It uses numpy alone: a
    thread in which torch computes would bring a pool of threads along.
    """

    def __init__(self, images: Tensor, device: torch.device):
        self._images, self._device = images.numpy(), device
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="images")
        self._next: tuple[int, Future[Tensor]] | None = None
        self._staging: Tensor | None = None
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None

    def take(self, key: int, rows_of: Callable[[int], np.ndarray]) -> Tensor:
        """uint8 (B, C, H, W) on the device, the images `rows_of(key)`: what `expect` was told of, or gathered now."""
        if self._next is None or self._next[0] != key:
            self.expect(key, rows_of)
        return self._next[1].result()

    def expect(self, key: int, rows_of: Callable[[int], np.ndarray]) -> None:
        """Begins to bring what will be taken next."""
        self._next = key, self._pool.submit(self._bring, rows_of(key))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _bring(self, rows: np.ndarray) -> Tensor:
        if self._stream is None:
            return torch.from_numpy(self._images[rows]).to(self._device)
        if self._staging is None or len(self._staging) != len(rows):
            self._staging = torch.empty((len(rows), *self._images.shape[1:]), dtype=torch.uint8, pin_memory=True)
        np.take(self._images, rows, axis=0, out=self._staging.numpy())
        with torch.cuda.stream(self._stream):
            there = self._staging.to(self._device, non_blocking=True)
        # Only then may the staging memory be written again, and the step read what came.
        self._stream.synchronize()
        there.record_stream(torch.cuda.default_stream(self._device))
        return there

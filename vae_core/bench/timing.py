"""Runs that take turns, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import queue
import statistics
import threading
import time
from collections.abc import Callable

import torch
from torch import Tensor

import vae_core
from vae_core.autoencoder import Autoencoder
from vae_core.config import TrainConfig

Run = Callable[[int], float]
"""Takes a number of optimiser steps, gives the seconds that they took."""


def wait_for(device: torch.device) -> None:
    """Returns when the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def in_turns(runs: dict[str, Run], steps: int, repeats: int) -> dict[str, list[float]]:
    """Seconds of each run in each round, after one round of a few steps that does not count."""
    for run in runs.values():
        run(min(steps, 5))
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            seconds[name].append(run(steps))
    return seconds


def speeds(seconds: dict[str, list[float]], images: int) -> dict[str, float]:
    """Images a second of each run, from its median round of so many images."""
    return {f"{name}_images_per_second": images / statistics.median(s) for name, s in seconds.items()}


def ratios(seconds: dict[str, list[float]], of: str) -> dict[str, float]:
    """How many times as fast `of` is as each other run: the median over the rounds, each compared within itself."""
    pairs = {name: zip(s, seconds[of], strict=True) for name, s in seconds.items() if name != of}
    return {f"{of}/{name}": statistics.median(a / b for a, b in both) for name, both in pairs.items()}


class Fit:
    """One call of `vae_core.fit` that goes on by as many steps as it is told to and waits in between.

    It waits in `should_stop`, in a thread of its own: the model is built, compiled and warmed once, as in a long run.
    """

    ENDLESS = 10**8

    def __init__(self, model: Autoencoder, images: Tensor, config: TrainConfig):
        # Threads are a setting of each thread in OpenMP: the new one has to be told.
        self.config = config.replace(steps=self.ENDLESS, epochs=None, seconds=None, validate_every=self.ENDLESS,
                                     lr_schedule="constant", threads=config.threads or torch.get_num_threads())  # fmt: skip
        self.model, self.images = model, images
        self.orders: queue.Queue[int | None] = queue.Queue()
        self.answers: queue.Queue[float | BaseException] = queue.Queue()
        self.left, self.begin = 0, None
        self.thread = threading.Thread(target=self._train, daemon=True)
        self.thread.start()

    def __call__(self, steps: int) -> float:
        self.orders.put(steps)
        answer = self.answers.get()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def close(self) -> None:
        """Ends the run. Not to be called while it steps."""
        self.orders.put(None)
        self.thread.join()

    def _train(self) -> None:
        try:
            vae_core.fit(self.model, self.images, self.images[:2], self.config, should_stop=self._between)
        except BaseException as error:
            self.answers.put(error)

    def _between(self) -> bool:
        if self.left == 0:
            wait_for(self.model.device)
            if self.begin is not None:
                self.answers.put(time.perf_counter() - self.begin)
            order = self.orders.get()
            if order is None:
                return True
            self.left, self.begin = order, time.perf_counter()
        self.left -= 1
        return False

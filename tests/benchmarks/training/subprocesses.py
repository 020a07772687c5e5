"""A run in a process of its own.

OpenMP keeps a pool of threads for each thread that asks for one. With more pools in a process than it has cores, the threads of
each sleep where they would wait, and waking them costs more than many an operation: a compiled step took twice its time.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Self

import torch
from torch import Tensor

import vae_core
from vae_core.config import TrainConfig
from vae_core.data.dataset import Split, TrainingSplits
from vae_core.models.autoencoder import Autoencoder
from vae_core.training.engine_choice import ENGINES
from vae_core.training.events import Event, NotCompiled, Started

ENDLESS = 10**8
Run = Callable[[int], float]
"""Takes a number of optimiser steps, gives the seconds that they took."""


class Subprocess:
    """Calls of it are carried out by `work(orders, *args)`, a function of a module, in a new process; it ends with the `with`.

    What `work` raises comes back from the call. RuntimeError where the process is gone.
    """

    def __init__(self, work: Callable[..., None], *args: Any):
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        settings = (theirs, torch.get_num_threads(), work, args)
        self._process = context.Process(target=_serve, args=settings, daemon=True)
        self._process.start()
        theirs.close()

    def __call__(self, steps: int) -> float:
        try:
            # A run that could not start has left its error, and no longer listens.
            with suppress(BrokenPipeError):
                self._line.send(steps)
            answer = self._line.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            raise RuntimeError(f"The process of a run ended with code {self._process.exitcode}.") from None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # A line that closes ends the orders.
        self._line.close()
        self._process.join()


class Orders(Iterator[int]):
    """Numbers of steps to take, until there are no more; each is answered with the seconds that they took."""

    def __init__(self, line: Connection):
        self._line = line

    def __next__(self) -> int:
        try:
            return self._line.recv()
        except EOFError:
            raise StopIteration from None

    def answer(self, seconds: float) -> None:
        self._line.send(seconds)


def _serve(line: Connection, threads: int, work: Callable[..., None], args: tuple[Any, ...]) -> None:
    torch.set_num_threads(threads)
    try:
        work(Orders(line), *args)
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    except Exception as error:
        line.send(error)


def called(orders: Orders, make: Callable[..., Run], *args: Any) -> None:
    """What `make(*args)` gives is called with each order."""
    run = make(*args)
    for steps in orders:
        orders.answer(run(steps))


def fitted(
    orders: Orders, model_of: Callable[[], Autoencoder], images: Tensor, config: TrainConfig, device: torch.device
) -> None:
    """One call of `vae_core.fit` that goes on by as many steps as each order says, and waits in between.

    It waits in `should_stop`: the model is built, compiled and warmed once, as in a long run. An engine that takes many steps
    at once may take more than the order says; the answer is the order's share of the time.
    """
    config = config.replace(steps=ENDLESS, epochs=None, seconds=None, validate_every=ENDLESS, lr_schedule="constant")
    order, left, begin, at_once = 0, 0, None, 1

    def listen(event: Event) -> None:
        nonlocal at_once
        if isinstance(event, NotCompiled):
            raise RuntimeError(f"A run as {config.engine} was to be timed, and nothing compiles: {event.reason}")
        if isinstance(event, Started):
            at_once = ENGINES[event.engine].at_once

    def between() -> bool:
        nonlocal order, left, begin
        if left <= 0:
            wait_for(device)
            if begin is not None:
                orders.answer((time.perf_counter() - begin) * order / (order - left))
            order = left = next(orders, 0)
            begin = time.perf_counter()
        left -= at_once
        return not order

    vae_core.fit(
        model_of().to(device),
        TrainingSplits(Split(images), Split(images[:2])),
        config,
        subscribers=[listen],
        should_stop=between,
    )


def wait_for(device: torch.device) -> None:
    """Returns when the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)

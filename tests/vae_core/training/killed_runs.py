"""A run that is killed at random moments, beside one that is not, each in a process of its own."""

from __future__ import annotations

import os
import random
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from vae_core.training.fit import STATE_FILE


def train_whole_and_killed(train: Callable[[Path, float], None], folder: Path, kills: int) -> None:
    """Trains in `folder/whole` without an interruption, and in `folder/killed` with so many, each after a save.

    `train(folder, save_every)` trains in a folder, saves after so many seconds, and begins where the folder's state says.
    """
    assert os.waitpid(_started(train, folder / "whole", 30), 0)[1] == 0
    random.seed(1)
    file = folder / "killed" / STATE_FILE
    for _ in range(kills):
        before, pid = _written(file), _started(train, folder / "killed", 0)
        while _written(file) == before:
            time.sleep(0.001)
        time.sleep(0.1 * random.random())
        os.kill(pid, signal.SIGKILL)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL, "it ended before it was killed"
    assert os.waitpid(_started(train, folder / "killed", 0), 0)[1] == 0


def _started(train: Callable[[Path, float], None], folder: Path, save_every: float) -> int:
    # A forked process need not import everything again.
    pid = os.fork()
    if pid == 0:
        try:
            train(folder, save_every)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return pid


def _written(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0

"""A process that has imported what a worker of a job needs, and forks the workers. It reads one request a line.

A worker that starts by itself imports torch first, which takes longer than the work of most tests.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from explorer.services.jobs import Job


def starter() -> tuple[subprocess.Popen, Callable[[Job], None]]:
    """The process, which ends when its input is closed, and a function that starts the worker of a job in a fork of it."""
    from explorer.services.jobs import folder

    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
    environment = folder.WORKER_ENVIRONMENT | os.environ | {"PYTHONPATH": path}
    process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, text=True, env=environment)

    def start(job: Job) -> None:
        process.stdin.write(json.dumps([str(job.folder), folder.WORKER_ENVIRONMENT | os.environ]) + "\n")
        process.stdin.flush()

    return process, start


def _fork(folder: str, environment: dict[str, str]) -> None:
    """Runs the worker of a job in a fork of this process."""
    from explorer.services.jobs import worker
    from explorer.services.jobs.folder import LOG

    if os.fork():
        return
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(Path(folder) / LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(log, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(environment)
        code = worker.main(Path(folder))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    # An optimiser imports it when it is made.
    import torch._dynamo

    import explorer.services.jobs.worker  # noqa: F401
    from vae_core.metrics.image import ssim

    # The first call imports torchmetrics and torchvision.
    ssim(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8))

    # No one waits for the forks.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        _fork(*json.loads(line))

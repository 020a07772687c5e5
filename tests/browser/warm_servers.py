"""A process that has imported what a server of the app needs, and forks the servers. It reads one request a line.

A server that starts by itself imports torch first, which takes seconds.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from polling import wait_until


class ForkedServer:
    """A server that is a fork of another process, with what `subprocess.Popen` offers for ending one."""

    def __init__(self, args: list[str], pid: int):
        self.args, self.pid = args, pid

    def poll(self) -> int | None:
        """None as long as it runs, else -1: its exit code is not known."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return -1
        return None

    def kill(self, how: int = signal.SIGKILL) -> None:
        """Sends a signal to it, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, how)

    def terminate(self) -> None:
        """Asks it to end."""
        self.kill(signal.SIGTERM)

    def wait(self, timeout: float = 20) -> None:
        """Waits until it has ended. Raises TimeoutError where it does not."""
        wait_until(lambda: self.poll() is not None, timeout)


class WarmServers:
    """Starts servers as forks of one process, which ends with `close`."""

    def __init__(self, root: Path):
        path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
        command = [sys.executable, __file__]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, **pipes, env={**os.environ, "PYTHONPATH": path})

    def start(self, command: list[str], stdout: IO, cwd: Path, env: dict[str, str], **_: Any) -> ForkedServer:
        """Runs `python -m module argument ...`; stdout, a file with a name, is for all that it prints."""
        self.process.stdin.write(json.dumps([command[2:], stdout.name, str(cwd), env]) + "\n")
        self.process.stdin.flush()
        return ForkedServer(command, int(self.process.stdout.readline()))

    def close(self) -> None:
        """Ends the process; its servers go on."""
        self.process.stdin.close()
        self.process.wait()


def _fork(arguments: list[str], log: str, folder: str, environment: dict[str, str]) -> None:
    """Runs a module in a fork of this process, and prints the fork's number."""
    if pid := os.fork():
        print(pid, flush=True)
        return
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream in (1, 2):
            os.dup2(out, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.path[0] = folder
        sys.argv = arguments
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    import pandas  # noqa: F401
    import streamlit.web.cli  # noqa: F401
    import uvicorn  # noqa: F401

    import vae_core  # noqa: F401

    # No one waits for the forks.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        _fork(*json.loads(line))

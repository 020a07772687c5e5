"""The worker process of one job: `python -m explorer.services.jobs.worker FOLDER`."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from explorer.services.jobs.folder import ASKED, EVENTS, LOCK, STOP, Job
from explorer.services.tasks import TASKS, Context, Stopped
from vae_core.data.pictures import ignore_warnings

LOCK_SECONDS = 10
"""Seconds to wait for the lock: a check whether the worker is alive holds it for an instant."""
EXPECTED_ERRORS = (ValueError, RuntimeError, OSError)
"""Errors whose message is written for the user. All others are bugs, and are reported as such."""


def main(folder: Path) -> int:
    """Does the work of the job in `folder`; returns the exit code."""
    ignore_warnings()
    job = Job(folder)
    try:
        with FileLock(folder / LOCK, timeout=LOCK_SECONDS):
            return _work(job)
    except Timeout:
        print("Another worker holds this job.", file=sys.stderr)
        return 1


def _work(job: Job) -> int:
    with (job.folder / EVENTS).open("a", encoding="utf-8") as file:

        def emit(event: dict[str, Any]) -> None:
            file.write(json.dumps(event) + "\n")
            file.flush()

        def end(outcome: str, message: str = "") -> None:
            emit({"event": "end", "outcome": outcome, "message": message})

        if file.tell() and not _ends_a_line(job.folder / EVENTS):
            file.write("\n")
        emit({"event": "begin"})
        (job.folder / ASKED).unlink(missing_ok=True)
        try:
            request = job.request()
            task = TASKS[request["kind"]]
            task(Context(job.folder, request["arguments"], emit, (job.folder / STOP).exists))
        except Stopped:
            end("stopped")
        except EXPECTED_ERRORS as error:
            traceback.print_exc()
            end("failed", str(error) or type(error).__name__)
            return 1
        except Exception as error:
            traceback.print_exc()
            end("failed", f"A bug in the app ({type(error).__name__}: {error}); {job.folder.name}/log.txt has the details.")
            return 1
        else:
            end("done")
    return 0


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read() == b"\n"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

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
"""Whoever asks whether the worker lives holds the lock for an instant."""
SAID = (ValueError, RuntimeError, OSError)
"""What our own code raises with a sentence for the person; anything else is a fault of ours, and is named as such."""


def main(folder: Path) -> int:
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

        def tell(event: dict[str, Any]) -> None:
            file.write(json.dumps(event) + "\n")
            file.flush()

        def end(outcome: str, message: str = "") -> None:
            tell({"event": "end", "outcome": outcome, "message": message})

        if file.tell() and not _ends_a_line(job.folder / EVENTS):
            file.write("\n")
        tell({"event": "begin"})
        (job.folder / ASKED).unlink(missing_ok=True)
        try:
            request = job.request()
            task = TASKS[request["kind"]]
            task(Context(job.folder, request["arguments"], tell, (job.folder / STOP).exists))
        except Stopped:
            end("stopped")
        except SAID as error:
            traceback.print_exc()
            end("failed", str(error) or type(error).__name__)
            return 1
        except Exception as error:
            traceback.print_exc()
            end("failed", f"A fault of the app ({type(error).__name__}: {error}); {job.folder.name}/log.txt has the details.")
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

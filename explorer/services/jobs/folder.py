"""A job's folder.

    request.json     what is to be done: kind, the task's own arguments, when it was asked for
    lock             held by the worker as long as it lives
    events.jsonl     appended by the worker: {"event": ...} a line; the last one is {"event": "end", ...}
    stop             created by whoever wants it to stop
    log.txt          what the worker printed
    ...              the task's own results
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from explorer.services import places
from vae_core.files import replacing

State = Literal["starting", "running", "done", "stopped", "failed", "dead"]

START_SECONDS = 60
"""A worker that holds no lock this long after the request was written has not started."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
REQUEST, LOCK, EVENTS, STOP, LOG = "request.json", "lock", "events.jsonl", "stop", "log.txt"


class JobError(RuntimeError):
    """A job that cannot be started, found or removed; the message says why."""


@dataclass(frozen=True)
class Job:
    """A job, by its folder. Nothing is cached: every question is answered from the disk."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    def request(self) -> dict[str, Any]:
        """`kind`, `arguments` and `submitted` (seconds since the epoch). Raises JobError where the file is broken."""
        try:
            found = json.loads((self.folder / REQUEST).read_text(encoding="utf-8"))
            return {"kind": str(found["kind"]), "arguments": dict(found["arguments"]), "submitted": float(found["submitted"])}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise JobError(f"The job {self.name} has no readable {REQUEST}.") from error

    def events(self, start: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The events from byte `start` on, and the byte to go on from; a line that is still being written waits."""
        try:
            with (self.folder / EVENTS).open("rb") as file:
                file.seek(start)
                text = file.read()
        except FileNotFoundError:
            return [], start
        whole, _, _ = text.rpartition(b"\n")
        lines = [json.loads(line) for line in whole.split(b"\n") if line]
        return lines, start + len(whole) + bool(whole)

    def end(self) -> dict[str, Any] | None:
        """The last event: `outcome` ("done", "stopped" or "failed") and `message`; None while there is none."""
        try:
            with (self.folder / EVENTS).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
                last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
            event = json.loads(last)
        except (OSError, ValueError):
            return None
        return event if event.get("event") == "end" else None

    @property
    def state(self) -> State:
        end = self.end()
        if end is not None:
            return end["outcome"]
        if self.alive():
            return "running"
        # It may have ended between the two questions.
        end = self.end()
        if end is not None:
            return end["outcome"]
        started = (self.folder / EVENTS).exists()
        try:
            recent = time.time() - self.request()["submitted"] < START_SECONDS
        except JobError:
            recent = False
        return "starting" if recent and not started else "dead"

    def alive(self) -> bool:
        """Whether a worker holds the lock."""
        lock = self.folder / LOCK
        if not lock.exists():
            return False
        try:
            FileLock(lock, timeout=0).acquire().lock.release()
        except Timeout:
            return True
        except OSError:
            return False
        return False

    def stop(self) -> None:
        """Asks the worker to stop; it does at its next step."""
        (self.folder / STOP).touch()

    def log(self) -> str:
        """The end of what the worker printed."""
        try:
            return (self.folder / LOG).read_bytes()[-4000:].decode("utf-8", "replace")
        except OSError:
            return ""

    def remove(self) -> None:
        """Deletes the folder. Raises JobError while its worker lives."""
        if self.alive():
            raise JobError(f"The job {self.name} is still running; stop it first.")
        shutil.rmtree(self.folder, ignore_errors=True)


def submit(kind: str, arguments: dict[str, Any], *, name: str = "", files: dict[str, bytes] | None = None) -> Job:
    """Writes a job's folder, with `files` beside the request, and starts its worker.

    With a `name`, a job of that name that is under way is given back instead; one that is over is replaced. Raises JobError
    where the folder cannot be written or the worker cannot be started.
    """
    name = name or f"{kind}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    if not NAME.fullmatch(name):
        raise JobError(f"A job's name is of letters, digits and hyphens, not {name!r}.")
    job = Job(places.jobs() / name)
    if job.folder.exists():
        if job.state in ("starting", "running"):
            return job
        job.remove()
    request = {"kind": kind, "arguments": arguments, "submitted": time.time()}
    try:
        job.folder.mkdir(parents=True)
        for file, content in (files or {}).items():
            (job.folder / file).write_bytes(content)
        with replacing(job.folder / REQUEST) as path:
            path.write_text(json.dumps(request), encoding="utf-8")
        _start(job)
    except FileExistsError:
        # Another session asked for the same at the same time, and was first.
        return job
    except OSError as error:
        raise JobError(f"The job could not be started in {job.folder}: {error.strerror or error}.") from error
    return job


def _start(job: Job) -> None:
    """A process of its own: it neither ends with the server nor hears its Ctrl-C."""
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    with (job.folder / LOG).open("wb") as log:
        subprocess.Popen(
            [sys.executable, "-m", "explorer.services.jobs.worker", str(job.folder)],
            cwd=Path(__file__).parents[3],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **apart,
        )


def jobs(kind: str = "") -> list[Job]:
    """The jobs that are known, newest first; with a `kind`, those of it. Folders without a readable request are left out."""
    found = []
    folder = places.jobs()
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            request = Job(path).request()
        except JobError:
            continue
        if not kind or request["kind"] == kind:
            found.append((request["submitted"], Job(path)))
    return [job for _, job in sorted(found, key=lambda pair: -pair[0])]


def find(name: str) -> Job | None:
    """The job of that name, if there is one."""
    job = Job(places.jobs() / name)
    return job if NAME.fullmatch(name) and (job.folder / REQUEST).is_file() else None

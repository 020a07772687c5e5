"""The folder of a job.

request.json     the request: kind, the task's arguments, time of submission
lock             locked by the worker while it runs
events.jsonl     written by the worker, one {"event": ...} per line; the last one is {"event": "end", ...}
asked            exists from the start of a worker process until it has begun to work
stop             created by a process that wants the job to stop
log.txt          the worker's output
...              files of the task
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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from explorer.services import user_folders
from vae_core.files import STALE_SECONDS

State = Literal["starting", "running", "done", "stopped", "failed", "dead"]

UNDER_WAY: tuple[State, ...] = ("starting", "running")
START_SECONDS = 60
"""Seconds after which a worker that has not begun is considered dead."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
WORKER_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Environment variables of a worker. Waiting OpenMP threads sleep instead of spinning: with spinning, two runs of two threads
each on two cores took 10 times as long as one run; with sleeping they take 1.5 times as long. A single run is 5% slower."""
REQUEST, ASKED, LOCK, EVENTS, STOP, LOG = "request.json", "asked", "lock", "events.jsonl", "stop", "log.txt"


class JobError(RuntimeError):
    """A job that cannot be started, found or removed. The message says why."""


@dataclass(frozen=True)
class Job:
    """A job, identified by its folder. Nothing is cached: every property is read from the disk."""

    folder: Path

    @property
    def name(self) -> str:
        """The name of the job, which is that of its folder."""
        return self.folder.name

    def request(self) -> dict[str, Any]:
        """The job's `kind`, `arguments` and `submitted` (seconds since the epoch). Raises JobError where the file is broken."""
        try:
            found = json.loads((self.folder / REQUEST).read_text(encoding="utf-8"))
            return {"kind": str(found["kind"]), "arguments": dict(found["arguments"]), "submitted": float(found["submitted"])}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise JobError(f"The job {self.name} has no readable {REQUEST}.") from error

    def events(self, start: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The events from byte `start` on, and the byte to continue from. An incomplete last line is left for the next call."""
        try:
            with (self.folder / EVENTS).open("rb") as file:
                file.seek(start)
                text = file.read()
        except FileNotFoundError:
            return [], start
        complete, _, _ = text.rpartition(b"\n")
        return _events(complete), start + len(complete) + bool(complete)

    def end(self) -> dict[str, Any] | None:
        """The last event, with `outcome` ("done", "stopped" or "failed") and `message`; None before the job has ended."""
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
        """The job's state. A job is "dead" if its worker has disappeared without an end event."""
        if self._launching():
            return "starting"
        end = self.end()
        if end is not None:
            return end["outcome"]
        if self.alive():
            return "running"
        # The job may have ended between the two checks.
        end = self.end()
        return "dead" if end is None else end["outcome"]

    def _launching(self) -> bool:
        try:
            return time.time() - (self.folder / ASKED).stat().st_mtime < START_SECONDS
        except OSError:
            return False

    def alive(self) -> bool:
        """True if a worker process holds the lock."""
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

    @property
    def under_way(self) -> bool:
        """True if the job is starting or running."""
        return self.state in UNDER_WAY

    @property
    def stopping(self) -> bool:
        """True if the job was asked to stop and has not stopped yet."""
        return self.under_way and (self.folder / STOP).exists()

    def stop(self) -> None:
        """Asks the worker to stop, which it does at its next step."""
        (self.folder / STOP).touch()

    def log(self) -> str:
        """The last 4,000 bytes of the worker's output."""
        try:
            return (self.folder / LOG).read_bytes()[-4000:].decode("utf-8", "replace")
        except OSError:
            return ""

    def remove(self) -> None:
        """Deletes the folder. Raises JobError while the worker is starting or running."""
        if self.alive() or self._launching():
            raise JobError(f"The job {self.name} is still running; stop it first.")
        shutil.rmtree(self.folder, ignore_errors=True)


def _events(text: bytes) -> list[dict[str, Any]]:
    """The events of complete lines. Lines that a killed worker left half written are skipped."""
    found = []
    for line in text.split(b"\n"):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            found.append(event)
    return found


def submit(
    kind: str, arguments: dict[str, Any], *, name: str = "", prepare: Callable[[Path], None] = lambda folder: None
) -> Job:
    """Writes a job's folder and starts its worker. `prepare` writes files that the task needs into the folder.

    With a `name`, a job of that name that is under way is returned instead, and one that has ended is replaced. Raises JobError
    where the folder cannot be written or the worker cannot be started.
    """
    name = name or f"{kind}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    if not NAME.fullmatch(name):
        raise JobError(f"A job's name consists of letters, digits and hyphens; {name!r} does not.")
    job = Job(user_folders.jobs() / name)
    if job.folder.exists():
        if job.under_way:
            return job
        job.remove()
    request = {"kind": kind, "arguments": arguments, "submitted": time.time()}
    # The folder is made under another name and then renamed, so that no one ever sees an incomplete job.
    draft = Job(job.folder.with_name(f".{name}.{secrets.token_hex(4)}"))
    try:
        _delete_stale_drafts(job.folder.parent)
        draft.folder.mkdir(parents=True)
        prepare(draft.folder)
        (draft.folder / REQUEST).write_text(json.dumps(request), encoding="utf-8")
        (draft.folder / ASKED).touch()
        draft.folder.rename(job.folder)
    except OSError as error:
        shutil.rmtree(draft.folder, ignore_errors=True)
        if (job.folder / REQUEST).is_file():
            # Another session has submitted the same job at the same time, and was first.
            return job
        raise JobError(f"The job could not be started in {job.folder}: {error.strerror or error}.") from error
    _start(job)
    return job


def resume(job: Job) -> None:
    """Starts a new worker for a job that is dead or has failed.

    The task continues from the files in the folder. Raises JobError.
    """
    if job.under_way:
        return
    (job.folder / STOP).unlink(missing_ok=True)
    (job.folder / ASKED).touch()
    _start(job)


def _delete_stale_drafts(folder: Path) -> None:
    """Deletes incomplete folders that a killed server has left."""
    for draft in folder.glob(".*") if folder.is_dir() else ():
        if time.time() - draft.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(draft, ignore_errors=True)


def _start(job: Job) -> None:
    """Starts the worker as a detached process, which neither ends with the server nor receives its Ctrl-C. Raises JobError."""
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    try:
        with (job.folder / LOG).open("wb") as log:
            subprocess.Popen(
                [sys.executable, "-m", "explorer.services.jobs.worker", str(job.folder)],
                cwd=Path(__file__).parents[3],
                env=WORKER_ENVIRONMENT | os.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **detached,
            )
    except OSError as error:
        (job.folder / ASKED).unlink(missing_ok=True)
        raise JobError(f"The job could not be started in {job.folder}: {error.strerror or error}.") from error


def jobs(kind: str = "") -> list[Job]:
    """All jobs, or those of one kind, newest first. Folders without a readable request are left out."""
    found = []
    folder = user_folders.jobs()
    for path in folder.glob("[!.]*") if folder.is_dir() else ():
        try:
            request = Job(path).request()
        except JobError:
            continue
        if not kind or request["kind"] == kind:
            found.append((request["submitted"], Job(path)))
    return [job for _, job in sorted(found, key=lambda pair: -pair[0])]


def find(name: str) -> Job | None:
    """The job of that name, or None."""
    job = Job(user_folders.jobs() / name)
    return job if NAME.fullmatch(name) and (job.folder / REQUEST).is_file() else None

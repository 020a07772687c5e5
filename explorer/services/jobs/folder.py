"""A job's folder.

request.json     what is to be done: kind, the task's own arguments, when it was asked for
lock             held by the worker as long as it lives
events.jsonl     appended by the worker: {"event": ...} a line; the last one is {"event": "end", ...}
asked            there from when a worker is started until it has begun
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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from explorer.services import places
from vae_core.files import STALE_SECONDS

State = Literal["starting", "running", "done", "stopped", "failed", "dead"]

UNDER_WAY: tuple[State, ...] = ("starting", "running")
START_SECONDS = 60
"""A worker that has not begun after this long will not."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that wait for work sleep, as they do not by themselves: two runs of two threads each on two cores took 10 times as
long as one, and so take 1.5 times. Alone a run is 5 % slower."""
REQUEST, ASKED, LOCK, EVENTS, STOP, LOG = "request.json", "asked", "lock", "events.jsonl", "stop", "log.txt"


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
        return _events(whole), start + len(whole) + bool(whole)

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
        if self._asked():
            return "starting"
        end = self.end()
        if end is not None:
            return end["outcome"]
        if self.alive():
            return "running"
        # It may have ended between the two questions.
        end = self.end()
        return "dead" if end is None else end["outcome"]

    def _asked(self) -> bool:
        try:
            return time.time() - (self.folder / ASKED).stat().st_mtime < START_SECONDS
        except OSError:
            return False

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

    @property
    def under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def stopping(self) -> bool:
        """It was asked to stop and has not yet."""
        return self.under_way and (self.folder / STOP).exists()

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
        """Deletes the folder. Raises JobError while its worker lives, or is about to."""
        if self.alive() or self._asked():
            raise JobError(f"The job {self.name} is still running; stop it first.")
        shutil.rmtree(self.folder, ignore_errors=True)


def _events(text: bytes) -> list[dict[str, Any]]:
    """The events of whole lines; one that a killed worker left half written is passed over."""
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
    """Writes a job's folder and starts its worker. `prepare` puts what the task needs into the folder.

    With a `name`, a job of that name that is under way is given back instead; one that is over is replaced. Raises JobError
    where the folder cannot be written or the worker cannot be started.
    """
    name = name or f"{kind}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    if not NAME.fullmatch(name):
        raise JobError(f"A job's name is of letters, digits and hyphens, not {name!r}.")
    job = Job(places.jobs() / name)
    if job.folder.exists():
        if job.under_way:
            return job
        job.remove()
    request = {"kind": kind, "arguments": arguments, "submitted": time.time()}
    # Made beside its place and put there whole, so that no one ever sees half a job.
    making = Job(job.folder.with_name(f".{name}.{secrets.token_hex(4)}"))
    try:
        _sweep(job.folder.parent)
        making.folder.mkdir(parents=True)
        prepare(making.folder)
        (making.folder / REQUEST).write_text(json.dumps(request), encoding="utf-8")
        (making.folder / ASKED).touch()
        making.folder.rename(job.folder)
    except OSError as error:
        shutil.rmtree(making.folder, ignore_errors=True)
        if (job.folder / REQUEST).is_file():
            # Another session asked for the same at the same time, and was first.
            return job
        raise JobError(f"The job could not be started in {job.folder}: {error.strerror or error}.") from error
    _start(job)
    return job


def resume(job: Job) -> None:
    """Starts a new worker where the last one is gone or has failed; the task goes on from what it finds. Raises JobError."""
    if job.under_way:
        return
    (job.folder / STOP).unlink(missing_ok=True)
    (job.folder / ASKED).touch()
    _start(job)


def _sweep(folder: Path) -> None:
    """Deletes what was left half made when a server was killed."""
    for half in folder.glob(".*") if folder.is_dir() else ():
        if time.time() - half.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(half, ignore_errors=True)


def _start(job: Job) -> None:
    """A process of its own: it neither ends with the server nor hears its Ctrl-C. Raises JobError."""
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    try:
        with (job.folder / LOG).open("wb") as log:
            subprocess.Popen(
                [sys.executable, "-m", "explorer.services.jobs.worker", str(job.folder)],
                cwd=Path(__file__).parents[3],
                env=PATIENT | os.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **apart,
            )
    except OSError as error:
        (job.folder / ASKED).unlink(missing_ok=True)
        raise JobError(f"The job could not be started in {job.folder}: {error.strerror or error}.") from error


def jobs(kind: str = "") -> list[Job]:
    """The jobs that are known, newest first; with a `kind`, those of it. Folders without a readable request are left out."""
    found = []
    folder = places.jobs()
    for path in folder.glob("[!.]*") if folder.is_dir() else ():
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

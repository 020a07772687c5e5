"""Jobs as real processes: their folder tells the truth whatever happens to them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from polling import wait_for_event

from explorer.services import jobs
from explorer.services.jobs import Job, JobError
from vae_core import projection
from vae_core.checkpoint import registry

pytestmark = pytest.mark.usefixtures("cold_workers")


def map_of(name: str, folder, method: str = "pca") -> dict:
    path = str(registry.find(name))
    parameters = projection.settings(method, {})
    return {"checkpoint": path, "method": method, "parameters": parameters, "folder": str(folder / "maps")}


def pid(job: Job) -> int:
    found = subprocess.run(["pgrep", "-f", str(job.folder)], capture_output=True, text=True, check=True)
    return int(found.stdout.split()[0])


def test_a_job_is_done_and_its_result_is_there(put, home, until):
    put("m")
    job = jobs.submit("map", map_of("m", home))
    assert job.state in ("starting", "running")
    until(job, "done")
    codes = registry.load("m").held_out.codes.numpy()
    projection.save(projection.project(codes, "pca"), home / "expected")
    (stored,) = (home / "maps").iterdir()
    assert stored.name == next((home / "expected").iterdir()).name
    assert [event["event"] for event in job.events()[0]] == ["begin", "end"]


@pytest.mark.slow
def test_a_failure_says_why(put, home, until):
    put("m", held_out=False)
    job = jobs.submit("map", map_of("m", home))
    until(job, "failed")
    assert "no codes of held-out images" in job.end()["message"]


@pytest.mark.slow
def test_a_fault_of_ours_is_named_as_one_and_logged(home, until):
    job = jobs.submit("no such task", {}, name="x")
    until(job, "failed")
    assert "A bug in the app" in job.end()["message"] and "KeyError" in job.log()


@pytest.fixture
def long_job(put, home, until):
    """A t-SNE of 6,000 codes that has begun."""
    put("m", codes=6000)
    job = jobs.submit("map", map_of("m", home, "tsne"), name="long")
    until(job, "running")
    wait_for_event(job, "progress")
    return job


@pytest.mark.slow
def test_its_threads_leave_the_cores_to_others(long_job):
    environment = Path(f"/proc/{pid(long_job)}/environ")
    if not environment.exists():
        pytest.skip("this system does not tell of the environment of a process")
    assert b"OMP_WAIT_POLICY=PASSIVE" in environment.read_bytes().split(b"\0")


@pytest.mark.slow
def test_a_job_is_not_started_twice_and_not_removed_while_it_runs_and_stops_when_asked(long_job, until):
    assert jobs.submit("map", {}, name="long") == long_job
    with pytest.raises(JobError, match="still running"):
        long_job.remove()
    # Another process, as after a restart of the server, sees it running.
    script = "from explorer.services import jobs; print(jobs.find('long').state)"
    seen = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "running"
    long_job.stop()
    until(long_job, "stopped")
    assert all(event["share"] < 1 for event in long_job.events()[0] if event["event"] == "progress")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
def test_a_killed_job_can_be_resumed_or_asked_for_again(long_job, put, home, until):
    os.kill(pid(long_job), signal.SIGKILL)
    until(long_job, "dead")
    with (long_job.folder / "events.jsonl").open("a") as file:
        file.write('{"event": "half a li')
    jobs.resume(long_job)
    assert long_job.state in ("starting", "running")
    until(long_job, "running")
    long_job.stop()
    until(long_job, "stopped")
    assert [event["event"] for event in long_job.events()[0]].count("begin") == 2

    jobs.resume(long_job)
    until(long_job, "running")
    os.kill(pid(long_job), signal.SIGKILL)
    until(long_job, "dead")
    put("m")
    again = jobs.submit("map", map_of("m", home), name="long")
    until(again, "done")


class TestFolder:
    """What the disk says, without a worker."""

    @pytest.fixture
    def job(self, tmp_path):
        (tmp_path / "home" / "jobs" / "j").mkdir(parents=True)
        job = Job(tmp_path / "home" / "jobs" / "j")
        (job.folder / "request.json").write_text(json.dumps({"kind": "map", "arguments": {}, "submitted": time.time()}))
        return job

    def write(self, job, text):
        (job.folder / "events.jsonl").write_text(text)

    def test_it_is_starting_and_then_given_up(self, job):
        (job.folder / "asked").touch()
        assert job.state == "starting"
        os.utime(job.folder / "asked", (time.time() - 1000,) * 2)
        assert job.state == "dead"

    def test_begun_and_without_a_worker_it_is_dead(self, job):
        self.write(job, '{"event": "begin"}\n')
        assert job.state == "dead"

    @pytest.mark.parametrize("outcome", ["done", "failed", "stopped"])
    def test_the_end_is_its_state(self, job, outcome):
        self.write(job, '{"event": "begin"}\n' + json.dumps({"event": "end", "outcome": outcome, "message": ""}) + "\n")
        assert job.state == outcome

    def test_events_are_read_from_where_one_was(self, job):
        self.write(job, '{"event": "a"}\n{"event": "b"}\n{"ev')
        first, at = job.events()
        assert [event["event"] for event in first] == ["a", "b"]
        self.write(job, '{"event": "a"}\n{"event": "b"}\n{"event": "c"}\n')
        later, at = job.events(at)
        assert [event["event"] for event in later] == ["c"]
        assert job.events(at) == ([], at)

    def test_a_line_that_a_killed_worker_left_half_written_is_passed_over(self, job):
        self.write(job, '{"event": "a"}\n{"ev\n[]\n{"event": "b"}\n')
        assert [event["event"] for event in job.events()[0]] == ["a", "b"]

    def test_a_folder_without_a_request_is_no_job(self, job):
        (job.folder.parent / "other").mkdir()
        (job.folder.parent / "broken").mkdir()
        (job.folder.parent / "broken" / "request.json").write_text("{")
        assert jobs.jobs() == [job]
        assert jobs.jobs("map") == [job] and jobs.jobs("train") == []

    @pytest.mark.parametrize("name", ["", "..", "a/b", "../home", "A", "x" * 81])
    def test_no_other_folder_can_be_named(self, name):
        assert jobs.find(name) is None
        if name:
            with pytest.raises(JobError, match="letters, digits and hyphens"):
                jobs.submit("map", {}, name=name)

    def test_a_home_that_cannot_be_written_is_said(self, tmp_path, monkeypatch):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "file"))
        with pytest.raises(JobError, match="could not be started"):
            jobs.submit("map", {})

"""For all tests: one thread, here and in the processes they start, so that they do not fight for cores; and full data sets
where the developers' shared folder lies beside the project."""

import os
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")

SHARED = Path(__file__).parents[2] / "shared" / "data"
if SHARED.is_dir():
    os.environ.setdefault("VAE_DATA", str(SHARED))

import pytest  # noqa: E402
import torch  # noqa: E402 (it reads the variables above)
from polling import wait_until  # noqa: E402
from warm_workers import starter  # noqa: E402

torch.set_num_threads(1)

WAIT = 120
"""Seconds that a job may take to come to a state that a test waits for."""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Where the app keeps what is a person's own; jobs that are still there at the end are stopped."""
    from explorer.services import jobs

    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    for job in jobs.jobs():
        job.stop()


@pytest.fixture(scope="session")
def _starter():
    process, start = starter()
    yield start
    process.stdin.close()
    process.wait()


@pytest.fixture
def warm_workers(request, monkeypatch):
    """Workers of jobs are forked from one that has imported everything, except where a test asks for `cold_workers`."""
    if hasattr(os, "fork") and "cold_workers" not in request.fixturenames:
        from explorer.services.jobs import folder

        monkeypatch.setattr(folder, "_start", lambda job: request.getfixturevalue("_starter")(job))


@pytest.fixture
def cold_workers():
    """For a test whose workers start by themselves, as they do in the app."""


@pytest.fixture
def until():
    """until(job, *states): waits for one of them."""

    def until(job, *states: str) -> None:
        wait_until(lambda: job.state in states, WAIT, lambda: f"{job.name} is {job.state}: {job.log()}")

    return until


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every browser test is slow. Files with many slow tests come first, so that of several workers none is left with a long
    one at the end."""
    for item in items:
        if item.get_closest_marker("browser") and not item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.slow)
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])

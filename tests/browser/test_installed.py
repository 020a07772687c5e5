"""The wheel, installed outside the repository: the command opens the app with its settings, checkpoints and assets."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import polling
import pytest
from conftest import ROOT, start_command
from pad_page import drag, read

pytestmark = [pytest.mark.slow, pytest.mark.browser]

WHERE = "from importlib.util import find_spec; print(find_spec('explorer').origin, find_spec('vae_core').origin, sep='\\n')"
JOB = f"""{inspect.getsource(polling)}
import os
from explorer.services import checkpoint_files, jobs
checkpoint = str(checkpoint_files.find("mnist-vae-2").path)
job = jobs.submit("map", {{"method": "pca", "parameters": {{}}, "checkpoint": checkpoint, "folder": os.path.abspath("maps")}})
wait_until(lambda: not job.under_way, 120)
print(job.state, job.end(), job.log())
"""


def _printed(command: list, **process) -> str:
    """What a command prints; fails, with all that it says, where the command fails."""
    ended = subprocess.run(command, capture_output=True, text=True, **process)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment, in which the wheel is installed beside the packages of this one."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", ROOT]
    _printed(build)
    (wheel,) = (folder / "dist").iterdir()
    venv.create(folder / "venv")
    programs = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", programs / "python", "install", "--no-deps", "--no-index", wheel]
    _printed(pip)
    # Only now, or pip would find this project installed. The paths come last, and their own .pth files are not read, so that
    # an editable installation of the repository is not seen.
    (packages,) = (folder / "venv").rglob("site-packages")
    others = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (packages / "others.pth").write_text("\n".join(others))
    return programs


@pytest.fixture
def outside(environment: Path, shared_home: Path, tmp_path: Path) -> dict:
    """Options of a process in a folder that has nothing to do with the repository."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VAE_", "STREAMLIT_"))}
    return {"cwd": tmp_path, "env": env | {"LATENT_EXPLORER_HOME": str(shared_home)}}


@pytest.fixture
def open_installed(environment: Path, outside: dict, open_page: Callable, tmp_path: Path) -> Iterator[Callable]:
    """open_installed(*arguments) -> a page of the app that `latent-explorer` serves with these arguments."""
    running = []

    def opened(*arguments: str):
        command = [str(environment / "latent-explorer"), "--server.headless=true", *arguments]
        process, url = start_command(lambda port: [*command, f"--port={port}"], tmp_path / "log", **outside)
        running.append(process)
        return open_page(url.replace("127.0.0.1", "localhost"))

    yield opened
    for process in running:
        process.terminate()
        process.wait(20)


def _files(folder: Path) -> dict[str, bytes]:
    """All files of a folder but compiled ones, by their paths in it."""
    paths = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_all_files_are_there_and_are_those_of_the_wheel(environment, outside):
    explorer, vae_core = map(Path, _printed([environment / "python", "-c", WHERE], **outside).splitlines())
    packages = explorer.parents[1]
    assert packages == vae_core.parents[1] and packages.is_relative_to(environment.parent)
    settings = {"explorer/.streamlit/config.toml": (ROOT / ".streamlit" / "config.toml").read_bytes()}
    checkpoints = {f"vae_core/checkpoints/{name}": content for name, content in _files(ROOT / "checkpoints").items()}
    sources = {f"{name}/{path}": text for name in ("explorer", "vae_core") for path, text in _files(ROOT / name).items()}
    installed = {f"{name}/{path}": text for name in ("explorer", "vae_core") for path, text in _files(packages / name).items()}
    assert installed == sources | settings | checkpoints


def test_a_job_runs(environment, outside):
    printed = _printed([environment / "python", "-c", JOB], **outside)
    assert printed.startswith("done "), printed


def test_the_command_says_what_it_does(environment, outside):
    printed = _printed([environment / "latent-explorer", "--help"], **outside)
    assert printed.startswith("usage: latent-explorer") and "Opens Latent Explorer in the browser" in printed


def test_the_pad_follows_the_mouse(open_installed):
    page = open_installed()
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    page.settled()
    first = read(page)["pixels"]
    drag(page, (0.2, 0.3), (0.8, 0.7))
    moved = read(page)["pixels"]
    page.mouse.up()
    assert max(abs(a - b) for a, b in zip(first, moved, strict=True)) > 0.1
    # The side bar has the colour of the settings, which is not that of Streamlit's own theme.
    sidebar = page.get_by_test_id("stSidebar")
    assert sidebar.evaluate("(element) => getComputedStyle(element).backgroundColor") == "rgb(247, 248, 250)"
    assert page.problems == []

"""Real browsers and a real Streamlit server. `serve(script, env)` starts any script or app and gives its address."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from firefox import Firefox
from polling import wait_until
from warm_servers import ForkedServer, WarmServers

from explorer.services import jobs
from explorer.services.view import View

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

ROOT = Path(__file__).parents[2]
START_SECONDS = 90
STOP_SECONDS = 60
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]

# Streamlit's page looks for its own settings below a page's address first, and the browser notes that there are none.
ITS_OWN = "/_stcore/"
HEALTH = "/_stcore/health"

APP = ROOT / "explorer" / "app.py"
PAD_APP = Path(__file__).with_name("pad_app.py")

Serve = Callable[..., str]
Server = subprocess.Popen | ForkedServer


def _missing(what: str) -> None:
    message = f"{what}; the browser tests were not run."
    pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)


@pytest.fixture(scope="session")
def browser():
    """One Chromium for the whole session."""
    executable = shutil.which("chromium")
    if executable is None:
        _missing("Chromium is not installed")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("Playwright is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=[*CHROMIUM_ARGS, "--process-per-site"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def firefox() -> Iterator[Firefox]:
    """One Firefox for the whole session."""
    executable = shutil.which("firefox-esr")
    if executable is None:
        _missing("Firefox is not installed")
    opened = Firefox(executable)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the servers keep what is a person's own; not the person's."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def home(shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The servers' home, which the next test finds empty: what is there is all that they know of jobs and of own models."""
    yield shared_home
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(shared_home))
    under_way = jobs.jobs()
    for job in under_way:
        job.stop()
    wait_until(lambda: not any(job.under_way for job in under_way), STOP_SECONDS, lambda: f"{under_way} do not stop.")
    for path in shared_home.iterdir():
        shutil.rmtree(path)


@pytest.fixture(scope="session")
def serve(shared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """serve(script, env, *arguments) -> URL of a Streamlit server that runs until the session ends; the same call gives the
    same server.

    Unless `env` says otherwise, the servers share a home.
    """
    running: dict[tuple, tuple[Server, str]] = {}
    warm = WarmServers(ROOT) if hasattr(os, "fork") else None

    def start(script: str | Path, env: dict[str, str] | None = None, *arguments: str) -> str:
        env = {"LATENT_EXPLORER_HOME": str(shared_home)} | (env or {})
        key = (str(script), tuple(sorted(env.items())), arguments)
        if key not in running:
            launch = warm.start if warm else subprocess.Popen
            running[key] = start_server(Path(script), env, tmp_path_factory.mktemp("server") / "log", arguments, launch)
        return running[key][1]

    yield start
    for process, _ in running.values():
        process.terminate()
    for process, _ in running.values():
        process.wait(20)
    if warm:
        warm.close()


@pytest.fixture(scope="session")
def serve_bare(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """serve_bare(**env) -> URL of the app without the full data sets, what a person sees right after the installation, and
    without a way out: what it would fetch is refused at once."""
    proxy = "http://127.0.0.1:9"
    bare = {"VAE_DATA": "", "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")), "https_proxy": proxy, "http_proxy": proxy}
    return lambda **env: serve(APP, bare | env)


@pytest.fixture(scope="session")
def hard_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the checkpoints of `hard_models`."""
    import hard_models

    folder = tmp_path_factory.mktemp("hard")
    hard_models.make(folder)
    return folder


@pytest.fixture(scope="session")
def hard_url(serve: Serve, hard_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a server of the models of `hard_folder` alone."""
    env = {"VAE_CHECKPOINTS": str(tmp_path_factory.mktemp("none")), "VAE_DATA": ""}
    return serve(Path(__file__).with_name("hard_app.py"), env, "--checkpoints", str(hard_folder))


@pytest.fixture
def open_hard(hard_url: str, open_page):
    """open_hard(path, selector, *names): a page of `hard_models` of these names, once something is on it."""

    def opened(path: str, selector: str, *names: str, width: int = 1440, **more):
        page = open_page(f"{hard_url}/{path}?{urllib.parse.urlencode(View('', names, names[0], **more).query())}", width)
        page.wait_for_selector(selector, timeout=60_000)
        page.settled()
        return page

    return opened


def start_server(
    script: Path,
    env: dict[str, str],
    log: Path,
    arguments: tuple[str, ...] = (),
    launch: Callable[..., Server] = subprocess.Popen,
) -> tuple[Server, str]:
    """A Streamlit server on a free port of this machine alone; `arguments` are the script's own, and `launch` starts its
    process. Raises RuntimeError with its log where it does not start."""
    options = {
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    command = [sys.executable, "-m", "streamlit", "run", str(script), *(f"--{name}={value}" for name, value in options.items())]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return start_command(
        lambda port: [*command, f"--server.port={port}", "--", *arguments],
        log,
        launch,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, **env},
    )


def start_command(
    command: Callable[[int], list[str]], log: Path, launch: Callable[..., Server] = subprocess.Popen, **process
) -> tuple[Server, str]:
    """Starts command(port) with a free port, and waits until the app is served there. Returns the process, whose further
    options are `process`, and the app's URL. Raises RuntimeError with what it printed where it does not start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("w") as out:
        started = launch(command(port), stdout=out, stderr=subprocess.STDOUT, **process)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: started.poll() is not None or _is_up(url), START_SECONDS)
    except TimeoutError:
        started.kill()
        started.wait()
    if started.poll() is not None:
        raise RuntimeError(f"{started.args} did not start:\n{log.read_text()[-4000:]}")
    return started, url


def _is_up(url: str) -> bool:
    """Says whether the app answers there."""
    try:
        return urllib.request.urlopen(f"{url}{HEALTH}", timeout=2).status == 200
    except OSError:
        return False


def _is_ours(message) -> bool:
    return message.type == "error" and ITS_OWN not in message.location.get("url", "")


def settled(page) -> None:
    """Waits until the page's script has run to its end."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)


@pytest.fixture(scope="session")
def contexts(browser) -> Iterator[Callable]:
    """contexts(url, nth, options) -> one context for each `nth` and options. What Streamlit's page is made of is fetched and
    compiled once in each and not once a test, since a page that stays open keeps its process."""
    kept: dict[str, BrowserContext] = {}

    def context(url: str, nth: int, options: dict) -> BrowserContext:
        key = repr((nth, sorted(options.items())))
        if key not in kept:
            kept[key] = browser.new_context(**options)
            kept[key].new_page().goto(urllib.parse.urljoin(url, HEALTH))
        return kept[key]

    yield context
    for one in kept.values():
        one.close()


@pytest.fixture
def open_page(browser, contexts, home) -> Iterator[Callable]:
    """open_page(url, width, height, colour scheme, **context options) -> page; what went wrong on it is in `page.problems`, and
    `page.settled()` waits for its script.

    No page finds what another has stored, of this test or of one before: pages of one test have contexts of their own, and a
    context is emptied after the test. What is no server's page has a context that nothing else ever has.
    """
    pages, alone = [], []

    def opened(url: str, width: int = 1440, height: int = 900, color_scheme: str = "light", **options):
        if url.startswith("http"):
            context = contexts(url, len(pages), options)
        else:
            context = browser.new_context(**options)
            alone.append(context)
        page = context.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=color_scheme)
        page.problems = []
        page.sent_frames = []
        page.settled = lambda: settled(page)
        page.on("console", lambda message: page.problems.append(message.text) if _is_ours(message) else None)
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("websocket", lambda ws: ws.on("framesent", lambda frame: page.sent_frames.append(time.monotonic())))
        page.goto(url)
        return page

    yield opened
    for page in pages:
        try:
            if page.context not in alone:
                _forget(page)
        finally:
            page.close()
    for context in alone:
        context.close()


def _forget(page) -> None:
    """Deletes what the page has stored."""
    page.context.clear_cookies()
    origin = page.evaluate("location.origin")
    session = page.context.new_cdp_session(page)
    # A page that closes may store something yet.
    page.goto("about:blank")
    session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage,indexeddb,cache_storage"})


@pytest.fixture(scope="module")
def app():
    """The fixture app as a module: its models and its data."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("pad_app", PAD_APP)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def open_pad(serve, open_page):
    def opened(kind: str = "digits", width: int = 1440, height: int = 900, models: int = 1, **options):
        page = open_page(f"{serve(PAD_APP)}/?kind={kind}&models={models}", width, height, **options)
        page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
        page.wait_for_selector("text=Runs: 1")
        return page

    return opened

"""How soon the pad is usable once the server is warm, beside a Streamlit page of one line, and whether a long drag keeps the
tab's memory: prints one JSON line.

    python tests/benchmarks/opening.py [--page "?models=mnist-vae-2"] [--visits 5] [--minutes 5]

A visit is a new window of a new session; `usable_s` ends when the handle follows the pointer, `bare_s` when the line is there.
The two take turns, and `over_bare_s` is the median of how much longer the pad takes. Memory is that of the page's JavaScript
heap and its buffers after a collection, at the start of the drag and at its end.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import CHROMIUM_ARGS, ROOT, start_server

READY = ".pad[data-ready=true]"
SIZE = {"width": 1440, "height": 900}


def usable(browser: Browser, url: str) -> float:
    """Seconds from the asking for the page to the first frame that follows the pointer."""
    page = browser.new_context(viewport=SIZE).new_page()
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(READY, timeout=90_000)
    box = page.locator(".plane").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=2)
    page.wait_for_function(f"{HOST}.stats().frames > 0")
    took = time.perf_counter() - began
    page.mouse.up()
    page.context.close()
    return took


def bare(browser: Browser, url: str) -> float:
    """Seconds from the asking for a page of one line to the line: what Streamlit takes by itself."""
    page = browser.new_context(viewport=SIZE).new_page()
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector("text=One line.", timeout=90_000)
    took = time.perf_counter() - began
    page.context.close()
    return took


HOST = "[...document.querySelectorAll('.stBidiComponent [data-testid]')].find((e) => e.latentPad).latentPad"


def memory(page: Page) -> float:
    """MB of the heap and of what is outside of it, after a collection."""
    client = page.context.new_cdp_session(page)
    client.send("HeapProfiler.collectGarbage")
    usage = client.send("Runtime.getHeapUsage")
    client.detach()
    return (usage["usedSize"] + usage.get("backingStorageSize", 0)) / 1e6


def drag(browser: Browser, url: str, minutes: float) -> tuple[float, float]:
    """The page's memory before and after a drag of that length, with rests."""
    page = browser.new_context(viewport=SIZE).new_page()
    page.goto(url)
    page.wait_for_selector(READY, timeout=90_000)
    page.wait_for_timeout(5000)
    box = page.locator(".plane").bounding_box()
    before, turn, end = memory(page), 0, time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        page.mouse.down()
        for _ in range(300):
            turn += 1
            across, down = 0.5 + 0.4 * math.cos(turn / 25), 0.5 + 0.4 * math.sin(turn / 17)
            page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        page.mouse.up()
        page.wait_for_timeout(300)
    page.wait_for_timeout(3000)
    after = memory(page)
    page.context.close()
    return before, after


@contextmanager
def bare_server(folder: Path) -> Iterator[str]:
    """The address of an app of one line, without anything of ours."""
    script = folder / "bare.py"
    script.write_text("import streamlit as st\n\nst.write('One line.')\n")
    server, url = start_server(script, {}, folder / "bare.log")
    try:
        yield url
    finally:
        server.terminate()
        server.wait(20)


def measure(browser: Browser, url: str, visits: int, minutes: float, folder: Path) -> dict:
    """All figures; the first visit, to a server that knows nothing yet, is told apart."""
    with bare_server(folder) as bare_url:
        (first, _), *both = [(usable(browser, url), bare(browser, bare_url)) for _ in range(visits + 1)]
    before, after = drag(browser, url, minutes)
    times, alone = zip(*both, strict=True)
    usable_s = {"cold": round(first, 2), "median": round(statistics.median(times), 2), "worst": round(max(times), 2)}
    memory_mb = {"before": round(before, 1), "after": round(after, 1), "ratio": round(after / before, 3)}
    return {
        "usable_s": usable_s,
        "bare_s": round(statistics.median(alone), 2),
        "over_bare_s": round(statistics.median(a - b for a, b in both), 2),
        "memory_mb": memory_mb,
        "minutes": minutes,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", default="?models=mnist-vae-2")
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=5)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    server, url = start_server(ROOT / "explorer" / "app.py", {"LATENT_EXPLORER_HOME": str(folder / "home")}, folder / "log")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
            found = measure(browser, f"{url}/{options.page}", options.visits, options.minutes, folder)
            browser.close()
    finally:
        server.terminate()
        server.wait(20)
    print(json.dumps(found))


if __name__ == "__main__":
    main()

"""How long a page takes to open once the app is warm, in a real Chromium: prints one JSON line.

    python tests/benchmarks/pages.py [--visits 5]

A visit is a click on the page's tab, from the latent grid; it ends when what the page is about has been drawn. The first visit
to each, which reads and computes what later ones find, is told apart. Absolute times depend on the machine and on what else it
does: `grid_ratio` is the median over that of the latent grid in the same run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import CHROMIUM_ARGS, ROOT, start_server

PAGES = {
    "Latent grid": ".pad[data-ready=true]",
    "Map": ".map[data-ready=true]",
    "Compare": ".js-plotly-plot .scatterlayer text",
    "Your images": ".sketch[data-ready=true]",
    "Fine-tune": "text=Trains on:",
}


def visit(page: Page, name: str) -> float:
    """Seconds from the click on the tab to what the page is about."""
    began = time.perf_counter()
    page.get_by_role("link", name=name, exact=True).click()
    page.wait_for_selector(PAGES[name], timeout=90_000)
    took = time.perf_counter() - began
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=90_000)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--query", default="models=mnist-vae-2,mnist-beta-vae-2")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    server, url = start_server(ROOT / "explorer" / "app.py", {"LATENT_EXPLORER_HOME": str(folder / "home")}, folder / "log")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{url}/?{options.query}")
            page.wait_for_selector(PAGES["Latent grid"], timeout=90_000)
            times: dict[str, list[float]] = {name: [] for name in PAGES}
            for _ in range(options.visits + 1):
                for name in [*list(PAGES)[1:], "Latent grid"]:
                    times[name].append(visit(page, name))
            browser.close()
    finally:
        server.terminate()
        server.wait(20)
    medians = {name: statistics.median(seconds[1:]) for name, seconds in times.items()}
    print(
        json.dumps(
            {
                name: {
                    "first_s": round(seconds[0], 2),
                    "median_s": round(medians[name], 2),
                    "worst_s": round(max(seconds[1:]), 2),
                    "grid_ratio": round(medians[name] / medians["Latent grid"], 2),
                }
                for name, seconds in times.items()
            }
        )
    )


if __name__ == "__main__":
    main()

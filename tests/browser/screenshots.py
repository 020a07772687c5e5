"""Pictures of the app as a person sees it: every page, in both themes, at a desktop's and a phone's size.

    python tests/browser/screenshots.py [FOLDER]        all of them, into FOLDER (screenshots/ if not given)
    python tests/browser/screenshots.py --readme        the one that the README shows
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from conftest import CHROMIUM_ARGS, ROOT, start_server
from playwright.sync_api import Page, sync_playwright

README = Path(__file__).with_name("latent-grid.png")
SIZES = ((1440, 900), (390, 844))
VIEWS = {
    "latent-grid": "",
    "latent-grid-16": "?models=mnist-vae-16",
    "latent-grid-three": "?models=mnist-vae-2,mnist-beta-vae-2,mnist-ae-2",
    "latent-grid-fashion": "?models=fashion_mnist-vae-2",
    "latent-grid-faces": "?models=faces-vae-64,faces-ae-64",
    "latent-grid-shapes": "?models=shapes-beta-vae-10",
    "map": "map?models=mnist-vae-2",
    "map-error-selected": "map?models=mnist-vae-16&colour=0&lasso=-1,-1,1,-1,1,1,-1,1",
    "compare": "compare?models=mnist-vae-2,mnist-beta-vae-2,mnist-vae-16",
    "compare-faces": "compare?models=faces-vae-64,faces-ae-64",
    "your-images": "your_images?models=mnist-vae-2",
}
PAD = "[...document.querySelectorAll('.stBidiComponent [data-testid]')].find((element) => element.latentPad)?.latentPad"


def settle(page: Page) -> None:
    """Until the script has run, and a pad that is there has decoded all its tiles."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=90_000)
    page.wait_for_timeout(1000)
    page.wait_for_function(f"!({PAD}?.stats().tilesLeft > 0)", timeout=90_000)
    page.wait_for_timeout(300)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "screenshots")
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server, url = start_server(ROOT / "explorer" / "app.py", {}, Path(folder) / "log")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
        try:
            for name, query in [("latent-grid", "")] if options.readme else VIEWS.items():
                for width, height in SIZES[:1] if options.readme else SIZES:
                    for scheme in ("light",) if options.readme else ("light", "dark"):
                        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                        page.goto(f"{url}/{query}")
                        settle(page)
                        path = README if options.readme else options.folder / f"{name}-{scheme}-{width}.png"
                        path.parent.mkdir(parents=True, exist_ok=True)
                        page.screenshot(path=path)
                        page.close()
                        print(path)
        finally:
            browser.close()
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main()

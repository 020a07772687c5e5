"""Pictures of the app as a person sees it: every page, in both themes, at a desktop's and a phone's size.

python tests/browser/screenshots.py [FOLDER]        all of them, into FOLDER (screenshots/ if not given)
python tests/browser/screenshots.py --readme        the one that the README shows
"""

from __future__ import annotations

import argparse
import io
import math
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from conftest import CHROMIUM_ARGS, ROOT, start_server
from pad_page import HOST
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from polling import wait_until

from vae_core import load_dataset

README = Path(__file__).with_name("latent-grid.png")
SIZES = ((1440, 900), (390, 844))
LONG = 4000
"""Pixels of a page's height up to which all of it is in the picture."""


def upload(page: Page) -> None:
    """Hands in a digit as a photograph might show it, dark on light."""
    digit = load_dataset("mnist5k").test.x[3, 0].numpy()
    sheet = np.full((360, 300), 245, np.uint8)
    sheet[60:284, 40:264] -= (0.8 * np.kron(digit, np.ones((8, 8)))).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(sheet).save(content, "PNG")
    field = page.locator("[data-testid=stFileUploader] input[type=file]").first
    field.set_input_files([{"name": "a digit.png", "mimeType": "image/png", "buffer": content.getvalue()}])
    page.wait_for_selector(".rows img", timeout=90_000)


def scribble(page: Page) -> None:
    """Draws a three."""
    page.wait_for_selector(".sketch[data-ready=true]", timeout=90_000)
    box = page.locator(".drawing").bounding_box()
    turns = [(-2.6, 1.3, 0.35), (-1.5, 2.4, 0.65)]
    places = [
        (0.5 + 0.2 * math.cos(a + (b - a) * i / 20), middle + 0.15 * math.sin(a + (b - a) * i / 20))
        for a, b, middle in turns
        for i in range(21)
    ]
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at:
        page.mouse.move(*place)
    page.mouse.up()


def tune(page: Page) -> None:
    """Looks at the newest run, after making one where there is none."""
    if page.get_by_label("Run", exact=True).count() == 0:
        page.get_by_role("button", name="Start").click()
        page.get_by_role("button", name="Keep").wait_for(timeout=240_000)
    else:
        page.get_by_label("Run", exact=True).click()
        page.get_by_role("option").first.click()
        page.get_by_role("button", name="Keep").wait_for(timeout=90_000)


def press(name: str) -> Callable[[Page], None]:
    """Presses a button of the sidebar."""

    def act(page: Page) -> None:
        expand = page.get_by_test_id("stExpandSidebarButton")
        if expand.is_visible():
            expand.click()
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_selector("[role=dialog]")

    return act


VIEWS = {
    "latent-grid": ("", None),
    "latent-grid-16": ("?models=mnist-vae-16", None),
    "latent-grid-three": ("?models=mnist-vae-2,mnist-beta-vae-2,mnist-ae-2", None),
    "latent-grid-fashion": ("?models=fashion_mnist-vae-2", None),
    "latent-grid-faces": ("?models=faces-vae-64,faces-ae-64", None),
    "latent-grid-shapes": ("?models=shapes-beta-vae-10", None),
    "map": ("map?models=mnist-vae-2", None),
    "map-error-selected": ("map?models=mnist-vae-16&colour=0&lasso=-1,-1,1,-1,1,1,-1,1", None),
    "compare": ("compare?models=mnist-vae-2,mnist-beta-vae-2,mnist-vae-16", None),
    "compare-faces": ("compare?models=faces-vae-64,faces-ae-64", None),
    "your-images-none": ("your_images?models=mnist-vae-2", None),
    "your-images-drawing": ("your_images?models=mnist-vae-2,mnist-beta-vae-2,mnist-vae-16", scribble),
    "your-images": ("your_images?models=mnist-vae-2,mnist-beta-vae-2", upload),
    "fine-tune-none": ("fine_tune?models=mnist-vae-2", None),
    "fine-tune": ("fine_tune?models=mnist-vae-2", tune),
    "models": ("?models=mnist-vae-2", press("Models")),
    "data-sets": ("?models=mnist-vae-2", press("Data sets")),
}


def settle(page: Page) -> None:
    """Until the script has run, a pad that is there has decoded all its tiles, and nothing on the page changes any more."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=90_000)
    page.wait_for_selector("[data-testid=stSkeleton]", state="detached", timeout=90_000)
    page.wait_for_function(f"!({HOST}?.stats().pending || {HOST}?.stats().tilesLeft > 0)", timeout=90_000)
    still(page)


def still(page: Page) -> None:
    """Until three pictures of the page in a row are the same."""
    taken: list[bytes] = []

    def same() -> bool:
        taken.append(page.screenshot())
        return len(taken) > 2 and len(set(taken[-3:])) == 1

    wait_until(same, 30)


def stretch(page: Page) -> None:
    """Makes the window as high as what is on the page."""
    height = page.evaluate("Math.max(...[...document.querySelectorAll('.stMain, [role=dialog]')].map((e) => e.scrollHeight))")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": min(LONG, height + 80)})
    still(page)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "screenshots")
    parser.add_argument("--readme", action="store_true")
    parser.add_argument("--whole", action="store_true", help="pages in their whole length")
    parser.add_argument("--only", default="", help="pictures whose name has this in it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = {"LATENT_EXPLORER_HOME": f"{folder}/home"}
        server, url = start_server(ROOT / "explorer" / "app.py", home, Path(folder) / "log")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
        try:
            chosen = {"latent-grid": ("", None)} if options.readme else VIEWS
            for name, (query, act) in chosen.items():
                if options.only and options.only not in name:
                    continue
                for width, height in SIZES[:1] if options.readme else SIZES:
                    for scheme in ("light",) if options.readme else ("light", "dark"):
                        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                        page.goto(f"{url}/{query}")
                        settle(page)
                        if act:
                            act(page)
                            settle(page)
                        if options.whole:
                            stretch(page)
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

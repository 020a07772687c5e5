"""Every page with models that are hard to show: no traceback, and a sentence where something cannot be."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import urlencode

import hard_models
import pytest
from PIL import Image

from explorer.services.view import View

pytestmark = pytest.mark.browser

APP = Path(__file__).with_name("hard_app.py")
NAMES = (
    "no rate", "no rate and equal codes", "equal codes", "nearly equal codes", "one dimension", "one dimension, equal codes",
    "many classes", "two images", "one image", "no held-out images", "no labels", "no program", "huge codes",
    hard_models.HOSTILE, hard_models.LONG,
)  # fmt: skip
# What is there once a page has been drawn; on a map, of which some of these have none, a picture or a sentence.
PAGES = {
    "": ".pad[data-ready=true]",
    "map": ".map[data-ready=true], [data-testid=stMain] [data-testid=stAlert]",
    "compare": "#rate-distortion",
    "your_images": "[data-testid=stFileUploader]",
    "fine_tune": "text=Trains on:",
}


@pytest.fixture(scope="module")
def url(serve, tmp_path_factory):
    """A server of these models alone."""
    folder = tmp_path_factory.mktemp("hard")
    hard_models.make(folder)
    none = tmp_path_factory.mktemp("none")
    return serve(APP, {"VAE_CHECKPOINTS": str(none), "VAE_DATA": ""}, "--checkpoints", str(folder))


@pytest.fixture
def open_with(url, open_page):
    page = None

    def opened(path: str, *names: str):
        """The page of that address, drawn without a traceback or an error in the browser."""
        nonlocal page
        address = f"{url}/{path}?{urlencode(View('', names, names[0]).query() | {'data': ''})}"
        if page is None:
            page = open_page(address)
        else:
            page.goto(address)
        page.wait_for_selector(PAGES[path], state="attached", timeout=60_000)
        page.wait_for_selector(".shell", timeout=60_000)
        sound(page)
        assert page.locator("[data-testid=stSidebar] [aria-pressed=true], [data-testid=stSidebar] [kind=pillsActive]").count()
        return page

    return opened


def sound(page) -> None:
    page.settled()
    traces = page.locator("[data-testid=stException]").all_inner_texts()
    shown = [problem.inner_text() for problem in page.locator(".problem").all() if problem.is_visible()]
    assert (traces, shown, page.problems) == ([], [], [])


def give_a_picture(page) -> None:
    content = io.BytesIO()
    Image.linear_gradient("L").resize((12, 9)).save(content, "PNG")
    field = page.locator("[data-testid=stFileUploader] input[type=file]").first
    field.set_input_files([{"name": "a.png", "mimeType": "image/png", "buffer": content.getvalue()}])
    page.get_by_role("button", name="Download NPZ").wait_for(timeout=60_000)


@pytest.mark.parametrize("name", NAMES)
def test_no_page_shows_a_traceback(open_with, name):
    for path in PAGES:
        page = open_with(path, name)
        if path == "your_images":
            give_a_picture(page)
            sound(page)
            page.get_by_role("button", name="Show on the latent grid").click()
            page.wait_for_selector(PAGES[""], timeout=60_000)
            sound(page)

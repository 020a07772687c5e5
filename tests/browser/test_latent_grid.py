"""The first page of the real app, on the shipped models: open, drag, choose, copy the address."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pad_page import HOST, TOLERANCE, drag

from vae_core.checkpoint import registry

pytestmark = pytest.mark.browser

APP = Path(__file__).parents[2] / "explorer" / "app.py"


@pytest.fixture
def open_app(serve, open_page):
    def opened(query: str = "", width: int = 1440, height: int = 900, **options):
        page = open_page(serve(APP) + query, width, height, **options)
        ready(page)
        return page

    return opened


def ready(page) -> None:
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    page.settled()


def read(page) -> dict:
    return page.evaluate(
        f"(() => {{ const r = {HOST}.read(); return {{ point: r.point, z: [...r.z], pixels: [...r.pixels] }}; }})()"
    )


def agrees(found: dict, name: str) -> None:
    wanted = registry.load(name).model.decode(np.float32(found["z"])).flatten().numpy()
    np.testing.assert_allclose(found["pixels"], wanted, atol=TOLERANCE, rtol=0)


def test_opens_on_the_pad_and_follows_the_mouse(open_app):
    page = open_app()
    first = read(page)
    agrees(first, "mnist-vae-2")
    sent = len(page.sent_frames)
    drag(page, (0.2, 0.3), (0.8, 0.7))
    moved = read(page)
    assert len(page.sent_frames) == sent, "Python was called while the handle was dragged"
    agrees(moved, "mnist-vae-2")
    assert not np.allclose(first["pixels"], moved["pixels"], atol=0.05)
    page.mouse.up()
    page.wait_for_function("location.search.includes('z=')")
    assert page.problems == []


def test_the_address_brings_back_model_and_point(open_app):
    page = open_app("?data=mnist&models=mnist-beta-vae-2")
    drag(page, (0.3, 0.6))
    page.mouse.up()
    page.wait_for_function("location.search.includes('z=')")
    ready(page)
    there = read(page)
    again = open_app(page.evaluate("location.search"))
    here = read(again)
    np.testing.assert_allclose(here["point"], there["point"], rtol=2e-3, atol=1e-3)
    agrees(here, "mnist-beta-vae-2")
    np.testing.assert_allclose(here["pixels"], there["pixels"], atol=0.05)
    assert again.problems == []


@pytest.mark.parametrize("query", ["?data=none&models=x&z=1,2,3", "?v=99", "?z=nan,nan&models=%00"])
def test_a_wrong_address_opens_the_first_view(open_app, query):
    agrees(read(open_app(query)), "mnist-vae-2")


def test_another_data_set_and_model_can_be_chosen(open_app):
    page = open_app()
    before = read(page)["pixels"]
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_test_id("stSelectbox").locator("input").click()
    page.get_by_role("option", name="Fashion-MNIST").click()
    page.wait_for_function("location.search.includes('fashion_mnist-vae-2')")
    ready(page)
    found = read(page)
    agrees(found, "fashion_mnist-vae-2")
    assert found["pixels"] != before
    sidebar.get_by_test_id("stSelectbox").locator("input").click()
    page.get_by_role("option", name="MNIST", exact=True).click()
    page.wait_for_function("location.search.includes('models=mnist-vae-2')")
    sidebar.get_by_role("button", name="beta-VAE, 2-D").click()
    page.wait_for_function("location.search.includes('mnist-beta-vae-2')")
    ready(page)
    page.wait_for_function(f"{HOST}?.read().models.length === 2")
    sidebar.get_by_role("button", name="● VAE, 2-D").click()
    page.wait_for_function(f"{HOST}?.read().models.length === 1")
    agrees(read(page), "mnist-beta-vae-2")
    assert page.problems == []


def test_coming_back_finds_the_place_that_was_left(open_app):
    page = open_app("?models=mnist-vae-2,mnist-ae-2")
    drag(page, (0.2, 0.3))
    page.mouse.up()
    page.get_by_role("button", name="AE, 2-D", exact=True).click()
    page.wait_for_function("location.search.includes('lead=mnist-ae-2')")
    left = read(page)
    page.get_by_role("link", name="Compare", exact=True).click()
    page.wait_for_selector("text=Reconstructions")
    page.settled()
    page.get_by_role("link", name="Latent grid", exact=True).click()
    ready(page)
    found = read(page)
    np.testing.assert_allclose(found["z"], left["z"], atol=1e-3)
    agrees(found, "mnist-ae-2")


def test_the_pad_and_a_path_are_taken_along(open_app):
    page = open_app("?models=mnist-vae-16")
    for image in (3, 9):
        page.get_by_role("spinbutton", name="Held-out image").fill(str(image))
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Pin this point").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="NPZ").click()
    codes = registry.load("mnist-vae-16").held_out.codes.numpy()
    with np.load(download.value.path(), allow_pickle=False) as saved:
        np.testing.assert_allclose(saved["codes"][[0, -1]], codes[[2, 8]], atol=1e-5)
        assert saved["images"].shape == (17, 1, 28, 28)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as one HTML file").click()
    assert download.value.suggested_filename == "mnist-vae-16.html"
    assert b"VAE, 16-D on MNIST" in Path(download.value.path()).read_bytes()[:500]
    # A page that is left while the path is walked is left for good.
    page.get_by_role("button", name="Play").click()
    page.get_by_role("link", name="Compare", exact=True).click()
    page.wait_for_selector("text=Reconstructions")
    page.settled()
    page.get_by_role("link", name="Latent grid", exact=True).click()
    ready(page)
    assert page.problems == []

"""The first page of the real app, on the shipped models: open, drag, choose, copy the address."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vae_core import library

pytestmark = pytest.mark.browser

APP = Path(__file__).parents[2] / "explorer" / "app.py"
HOST = "[...document.querySelectorAll('.stBidiComponent [data-testid]')].find((e) => e.latentPad)?.latentPad"
TOLERANCE = 1e-4


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


def drag(page, *places: tuple[float, float]) -> None:
    box = page.locator(".plane").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for across, down in places:
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=5)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def agrees(found: dict, name: str) -> None:
    wanted = library.load(name).model.decode(np.float32(found["z"])).flatten().numpy()
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

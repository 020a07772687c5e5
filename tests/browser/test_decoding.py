"""Images that the page asks for: from a worker of its own, and from the server, on the real app."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pad_page import HOST, drag, wait_until_done

from vae_core.checkpoint import registry

pytestmark = pytest.mark.browser

APP = Path(__file__).parents[2] / "explorer" / "app.py"
# The server sends float16.
TOLERANCE = {"server": 5e-4, "worker": 1e-4}


@pytest.fixture
def open_app(serve, open_page):
    def opened(where: str, query: str):
        page = open_page(serve(APP, None, "--decode", where) + query)
        page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
        page.settled()
        return page

    return opened


def shown(page) -> list[dict]:
    return page.evaluate(f"{HOST}.read().models.map(({{ name, z, pixels }}) => ({{ name, z: [...z], pixels: [...pixels] }}))")


def wait_for_image_at_handle(page) -> None:
    page.wait_for_function(
        f"(() => {{ const {{ z, point }} = {HOST}.read(); return Math.hypot(z[0] - point[0], z[1] - point[1]) < 1e-6; }})()"
    )


@pytest.mark.parametrize("where", ["worker", "server"])
def test_two_models_show_what_torch_decodes(open_app, where):
    page = open_app(where, "/?models=mnist-vae-2,mnist-beta-vae-2")
    drag(page, (0.2, 0.3), (0.7, 0.6))
    page.mouse.up()
    wait_for_image_at_handle(page)
    models = shown(page)
    assert [model["name"] for model in models] == ["mnist-vae-2", "mnist-beta-vae-2"]
    for model in models:
        wanted = registry.load(model["name"]).model.decode(np.float32(model["z"])).flatten().numpy()
        np.testing.assert_allclose(model["pixels"], wanted, atol=TOLERANCE[where], rtol=0)
    assert page.evaluate(f"{HOST}.stats().where") == [where, where]
    said = {"worker": "in a worker of this page", "server": "on the server"}[where]
    assert said in page.locator(".speed").inner_text()
    page.wait_for_function(f"{HOST}.stats().tilesLeft === 0")
    assert page.locator(".tiles").evaluate("(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(Boolean)")
    assert not page.problems


def test_the_nearest_image_is_decoded_when_the_hand_rests(open_app):
    page = open_app("server", "/?models=mnist-vae-2")
    picture, box = page.locator(".nearest canvas"), page.locator(".plane").bounding_box()
    painted = "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
    drag(page)
    # Until an image is nearest whose own pixels are not at hand.
    for step in range(1, 100):
        page.mouse.move(box["x"] + (0.5 + 0.004 * step) * box["width"], box["y"] + 0.5 * box["height"])
        wait_until_done(page)
        if "as decoded from its code" in page.locator(".nearest").inner_text():
            break
    else:
        pytest.fail("the pixels of all images are at hand")
    assert not picture.evaluate(painted)
    page.mouse.up()
    page.wait_for_function(painted, arg=picture.element_handle())
    assert "as decoded from its code" in page.locator(".nearest").inner_text()
    assert not page.problems


def test_the_overlay_of_change_comes_from_the_server_too(open_app):
    page = open_app("server", "/?models=mnist-vae-2&heat=change")
    page.wait_for_selector(".overlay[data-shown]", timeout=60_000)
    assert "image distance" in page.locator(".overlay-scale").inner_text()
    assert not page.problems


def test_where_the_server_is_gone_the_page_says_so(open_app):
    page = open_app("server", "/?models=mnist-vae-2")
    sockets = []

    def between(socket) -> None:
        sockets.append(socket)
        # The second one finds nobody.
        socket.close() if len(sockets) == 2 else socket.connect_to_server()

    page.route_web_socket("**/decoder", between)
    page.reload()
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    wait_for_image_at_handle(page)
    sockets[0].close()
    page.wait_for_selector("text=cannot be reached; trying again")
    page.wait_for_selector(".problem", state="hidden", timeout=30_000)
    drag(page, (0.3, 0.3))
    page.mouse.up()
    wait_for_image_at_handle(page)
    assert len(sockets) == 3

"""The page Map: points are where the projection says, and every way of choosing them shows the right images."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_core import checkpoint
from vae_core.checkpoint import HeldOut, registry
from vae_core.projection import project

pytestmark = pytest.mark.browser

APP = Path(__file__).parents[2] / "explorer" / "app.py"
HOST = "[...document.querySelectorAll('.stBidiComponent [data-testid]')].find((e) => e.pointMap)?.pointMap"
NAME = "mnist-vae-2"
SMALLER, FEW = "smaller", 1000
"""The same model with so many held-out images: a map of them is drawn soon, and yet can be stopped and left meanwhile."""


@pytest.fixture
def open_map(serve, open_page):
    def opened(query: str = f"models={NAME}", width: int = 1440, height: int = 900, **options):
        page = open_page(f"{serve(APP)}/map?{query}", width, height, **options)
        ready(page)
        return page

    return opened


def ready(page) -> None:
    page.wait_for_selector(".map[data-ready=true]", timeout=60_000)
    page.settled()
    page.wait_for_function(f"{HOST}.stats().frames > 0")


def read(page) -> dict:
    return page.evaluate(f"(() => {{ const {{ screen, ...rest }} = {HOST}.read(); return rest; }})()")


def at(page, i: int) -> tuple[float, float]:
    """Where point i is on the page."""
    x, y = page.evaluate(f"{HOST}.read().screen({i})")
    box = page.locator(".field").bounding_box()
    return box["x"] + x, box["y"] + y


def loneliest(points: np.ndarray, among: int = 400) -> int:
    """Of the first points, the one whose nearest neighbour is farthest: a pointer can mean no other."""
    distances = [np.partition(np.linalg.norm(points - point, axis=1), 1)[1] for point in points[:among]]
    return int(np.argmax(distances))


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    return project(registry.load(NAME).held_out.codes.numpy()).points


def test_points_are_where_the_projection_puts_them(open_map, points):
    page = open_map()
    seen = np.array([at(page, i) for i in range(20)])
    (a, _, x0), (_, b, y0) = (np.linalg.lstsq(np.c_[points[:20], np.ones(20)], seen[:, axis], rcond=None)[0] for axis in (0, 1))
    np.testing.assert_allclose(seen, points[:20] * [a, b] + [x0, y0], atol=0.1)
    # One unit is as long on both axes, and up is up.
    assert a > 0 and abs(a + b) < 1e-3 * a
    assert page.problems == []


def test_the_canvas_shows_the_points(open_map, points):
    page = open_map()
    i = loneliest(points)
    x, y = at(page, i)
    shot = page.screenshot(clip={"x": x - 2, "y": y - 2, "width": 4, "height": 4})
    box = page.locator(".field").bounding_box()
    empty = page.screenshot(clip={"x": box["x"] + 4, "y": box["y"] + 4, "width": 4, "height": 4})
    assert shot != empty


CARD = """
  const told = WebGL2RenderingContext.prototype.getParameter;
  WebGL2RenderingContext.prototype.getParameter = function (name) {
    return name === 0x9246 ? "A graphics card" : told.call(this, name);
  };
"""


def test_a_graphics_card_and_the_processor_draw_the_same(serve, open_page):
    shots = {}
    for kind in ("2d", "webgl2"):
        page = open_page("about:blank")
        if kind == "webgl2":
            page.add_init_script(CARD)
        page.goto(f"{serve(APP)}/map?models={NAME}")
        ready(page)
        assert page.evaluate(f"{HOST}.stats().renderer") == kind
        shots[kind] = np.array(Image.open(io.BytesIO(page.locator(".field").screenshot())).convert("RGB"), np.int16)
    ground = shots["2d"][4, 4]
    drawn = abs(shots["2d"] - ground).max(-1) > 8
    assert 0.05 < drawn.mean() < 0.9
    # The processor knows sixteen places of a disc within a pixel, so that rims differ a little.
    assert abs(shots["2d"] - shots["webgl2"])[drawn].mean() < 6


def test_resting_on_a_point_shows_its_card(open_map, points):
    page = open_map()
    i = loneliest(points)
    page.mouse.move(*at(page, i))
    page.wait_for_function(f"{HOST}.read().hovered === {i}")
    text = page.locator(".card p").inner_text()
    known = registry.load(NAME)
    assert text.startswith(f"{known.data['classes'][known.held_out.labels[i]]}, Reconstruction error")
    drawn = (
        page.locator(".card canvas")
        .nth(1)
        .evaluate("(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    )
    wanted = known.model.decode(known.held_out.codes[i : i + 1]).flatten().numpy()
    np.testing.assert_allclose(np.reshape(drawn, (-1, 4))[:, 0], 255 * wanted, atol=1)
    page.mouse.move(5, 5)
    page.locator(".card").wait_for(state="hidden")


def test_a_click_chooses_and_the_address_keeps_it(open_map, points):
    page = open_map()
    i = loneliest(points)
    page.mouse.click(*at(page, i))
    page.wait_for_function(f"location.search.includes('picked={i}')")
    assert page.locator(".gallery figure").count() == 1
    again = open_map(page.evaluate("location.search.slice(1)"))
    assert read(again)["chosen"] == [i]
    page.mouse.click(*at(page, i))
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("!location.search.includes('picked')")


def inside(corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points in a convex polygon, by the side of each edge that they are on."""
    edges = np.roll(corners, -1, 0) - corners
    to = points[:, None] - corners
    cross = edges[:, 0] * to[..., 1] - edges[:, 1] * to[..., 0]
    return np.flatnonzero((cross > 0).all(1) | (cross < 0).all(1))


def test_the_lasso_chooses_what_is_inside(open_map, points):
    page = open_map()
    page.get_by_role("button", name="Lasso").click()
    box = page.locator(".field").bounding_box()
    shares = np.array([[0.4, 0.4], [0.6, 0.38], [0.62, 0.6], [0.42, 0.62]])
    corners = shares * [box["width"], box["height"]] + [box["x"], box["y"]]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=2)
    page.mouse.up()
    page.wait_for_function("location.search.includes('lasso=')")
    chosen = set(read(page)["chosen"])
    seen = np.array(page.evaluate(f"(() => {{ const r = {HOST}.read(); return [...Array(10000).keys()].map(r.screen); }})()"))
    wanted = set(inside(corners - [box["x"], box["y"]], seen).tolist())
    assert len(wanted) > 200
    # The corners of the rule are rounded to four digits: only points on the line itself may fall on its other side.
    assert len(chosen ^ wanted) <= 0.005 * len(wanted)
    assert page.locator(".gallery figure").count() == 24
    page.get_by_role("button", name="Show 24 of").click()
    assert page.locator(".gallery figure").count() == 48
    again = open_map(page.evaluate("location.search.slice(1)"))
    assert len(chosen ^ set(read(again)["chosen"])) <= 0.005 * len(wanted)
    assert page.problems == []


def test_moving_zooming_and_keys(open_map):
    page = open_map()
    box = page.locator(".field").bounding_box()
    x, y = box["x"] + 300, box["y"] + 200
    before = np.array(at(page, 0))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 30, steps=4)
    page.mouse.up()
    np.testing.assert_allclose(np.array(at(page, 0)) - before, [60, -30], atol=0.5)
    fixed = page.evaluate(f"(() => {{ const r = {HOST}.read(); return r.centre; }})()")
    page.mouse.wheel(0, -200)
    page.wait_for_function(f"{HOST}.read().zoom > 1.5")
    assert page.evaluate(f"{HOST}.read().centre") != fixed
    page.locator(".field").focus()
    zoom = read(page)["zoom"]
    page.keyboard.press("+")
    assert read(page)["zoom"] == pytest.approx(1.25 * zoom)
    page.keyboard.press("Enter")
    page.wait_for_function("location.search.includes('picked=')")
    page.keyboard.press("Escape")
    page.wait_for_function("!location.search.includes('picked=')")
    page.keyboard.press("0")
    assert read(page)["zoom"] == 1


def test_colour_by_an_amount_has_its_scale(open_map):
    page = open_map()
    page.get_by_role("button", name="Reconstruction error").click()
    page.wait_for_function("location.search.includes('colour=0')")
    bar = page.locator(".bar")
    errors = registry.load(NAME).held_out.mse.numpy()
    low, high = np.quantile(errors, [0.01, 0.99])
    assert float(bar.locator(".low").inner_text()) == pytest.approx(low, rel=0.01)
    assert float(bar.locator(".high").inner_text()) == pytest.approx(high, rel=0.01)
    assert "Reconstruction error (MSE)" in bar.inner_text()
    assert page.locator(".legend").is_hidden()
    again = open_map(page.evaluate("location.search.slice(1)"))
    assert read(again)["colour"] == 0


@pytest.mark.slow
def test_a_map_is_drawn_by_a_worker_and_kept(serve, open_page, home):
    whole = registry.load(NAME)
    held_out = HeldOut(**{name: value[:FEW] for name, value in vars(whole.held_out).items() if value is not None})
    few = replace(whole, held_out=held_out, metrics={**whole.metrics, "n": FEW})
    checkpoint.save(few, home / "checkpoints" / f"{SMALLER}.safetensors")
    address = f"{serve(APP)}/map?models={SMALLER}&map=tsne;perplexity=10"
    page = open_page(address)
    page.get_by_role("button", name="Draw the t-SNE map").click()
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector("text=This map was stopped before it was finished", timeout=90_000)
    page.get_by_role("button", name="Draw the t-SNE map").click()
    page.wait_for_selector("text=/t-SNE: \\d+%/", timeout=120_000)
    # It goes on while another page is looked at.
    page.get_by_role("link", name="Latent grid").click()
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    page.get_by_role("link", name="Map").click()
    page.wait_for_selector(".map[data-ready=true]", timeout=300_000)
    again = open_page(address)
    ready(again)
    assert again.get_by_role("button", name="Draw the t-SNE map").count() == 0
    assert page.problems + again.problems == []

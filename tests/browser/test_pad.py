"""The pad in a real Chromium: what it draws is what torch decodes, at every gesture, and Python sleeps meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
from pad_page import HOST, TOLERANCE, at, frames, known, place, read, settle, wait_until_done, wait_until_known, wanted

pytestmark = pytest.mark.browser


def code(app, kind: str, point: list[float]) -> np.ndarray:
    """The plane is that of the first two dimensions through the first code."""
    z = app.codes(kind)[0][0].copy()
    z[:2] = point
    return z


@pytest.mark.parametrize("kind", ["digits", "faces"])
def test_pixels_follow_the_mouse(kind: str, open_pad, app) -> None:
    page = open_pad(kind)
    # Away from the handle: taken by its rim it would keep its distance to the pointer.
    page.mouse.move(*place(page, 0.05, 0.95))
    page.mouse.down()
    for across, down in [(0.1, 0.1), (0.9, 0.2), (0.3, 0.8), (1.2, 0.5)]:
        before = frames(page)
        page.mouse.move(*place(page, across, down), steps=4)
        settle(page, before)
        found = read(page)
        np.testing.assert_allclose(found["point"], at(page, min(across, 1), down), atol=0.02)
        np.testing.assert_allclose(found["z"], code(app, kind, found["point"]), atol=1e-5)
        assert np.abs(np.float32(found["pixels"]) - wanted(app, kind, found["z"])).max() <= TOLERANCE
    page.mouse.up()
    page.wait_for_selector("text=Runs: 2")
    assert page.problems == []


def test_a_hand_that_stops_is_where_it_stopped(open_pad, app) -> None:
    page = open_pad()
    page.mouse.move(*place(page, 0.05, 0.95))
    page.mouse.down()
    page.wait_for_function(f"!{HOST}.stats().drawing")
    (x, y), frames_before = place(page, 0.5, 0.5), frames(page)
    page.evaluate(
        """async ([x, y]) => {
          const plane = document.querySelector('.stBidiComponent [data-testid]').shadowRoot.querySelector('.plane');
          // On a busy machine frames may be so far apart that the pad takes the hand to have paused: the gesture is made again.
          for (let i = 0; i < 200 && !HOST.stats().between; i++) {
            for (const clientX of [x - 40, x - 20, x]) {
              plane.dispatchEvent(new PointerEvent('pointermove', { pointerId: 1, clientX, clientY: y }));
              await new Promise(requestAnimationFrame);
            }
          }
        }""".replace("HOST", HOST),
        [x, y],
    )
    settle(page, frames_before)
    assert page.evaluate(f"{HOST}.stats().between") > 0
    found = read(page)
    np.testing.assert_allclose(found["point"], at(page, 0.5, 0.5), atol=0.02)
    np.testing.assert_allclose(found["z"], code(app, "digits", found["point"]), atol=1e-5)
    assert np.abs(np.float32(found["pixels"]) - wanted(app, "digits", found["z"])).max() <= TOLERANCE


def test_canvas_shows_the_decoded_pixels(open_pad) -> None:
    page = open_pad()
    found = read(page)
    drawn = page.evaluate(
        """(() => {
          const canvas = document.querySelector('.stBidiComponent [data-testid]').shadowRoot.querySelector('.image-canvas');
          return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data];
        })()"""
    )
    np.testing.assert_allclose(np.array(drawn).reshape(-1, 4)[:, 0], 255 * np.array(found["pixels"]), atol=0.6)


def test_python_is_called_once_when_the_handle_is_let_go(open_pad) -> None:
    page = open_pad()
    page.mouse.move(*place(page, 0.5, 0.5))
    page.mouse.down()
    wait_until_done(page)
    page.sent_frames.clear()
    for step in range(40):
        page.mouse.move(*place(page, 0.2 + 0.015 * step, 0.3 + 0.01 * step))
    assert page.sent_frames == []
    assert frames(page) > 10
    page.mouse.up()
    page.wait_for_selector("text=Runs: 2")
    wait_until_done(page)
    shown = {"display": "mean", "overlay": "none", "condition": None}
    wanted = {"lead": "vae", "plane": "0-1", "z": read(page)["z"], "same": False, **shown, "path": None}
    assert known(page) == wanted
    # A second call would have been sent before this one.
    page.get_by_role("button", name="Run again").click()
    page.wait_for_selector("text=Runs: 3")
    assert len(page.sent_frames) == 2


def test_run_with_the_same_data_leaves_the_pad_alone(open_pad) -> None:
    page = open_pad()
    page.wait_for_function(f"{HOST}.stats().tilesLeft === 0", timeout=30_000)
    page.mouse.click(*place(page, 0.25, 0.25))
    page.wait_for_selector("text=Runs: 2")
    before = read(page)
    page.evaluate("document.querySelector('.stBidiComponent [data-testid]').shadowRoot.querySelector('.pad').dataset.kept = 1")
    page.get_by_role("button", name="Run again").click()
    page.wait_for_selector("text=Runs: 3")
    assert page.locator(".pad[data-kept]").count() == 1
    assert page.evaluate(f"{HOST}.stats().tilesLeft") == 0
    assert read(page) == before


def test_new_data_replaces_the_model_and_keeps_the_handlers(open_pad, app) -> None:
    page = open_pad()
    page.mouse.click(*place(page, 0.25, 0.25))
    page.wait_for_selector("text=Runs: 2")
    before = read(page)["pixels"]
    page.get_by_role("button", name="Other model").click()
    page.wait_for_selector("text=Runs: 3")
    page.wait_for_function(f"(before) => {HOST}.read().pixels.some((value, i) => value !== before[i])", arg=before)
    wait_until_done(page)
    found = read(page)
    assert np.abs(np.float32(found["pixels"]) - wanted(app, "digits", found["z"], seed=1)).max() <= TOLERANCE
    before = frames(page)
    page.mouse.click(*place(page, 0.75, 0.6))
    settle(page, before)
    found = read(page)
    np.testing.assert_allclose(found["point"], at(page, 0.75, 0.6), atol=0.02)
    # One click is one frame: handlers of the old data are not still there beside the new ones.
    assert frames(page) == before + 1
    assert page.problems == []


def test_another_start_moves_the_handle_and_draws_nothing_else_anew(open_pad, app) -> None:
    page = open_pad()
    page.wait_for_function(f"{HOST}.stats().tilesLeft === 0", timeout=30_000)
    page.get_by_role("button", name="Other start").click()
    page.wait_for_function(f"{HOST}.read().point[0] === 0.75")
    assert page.evaluate(f"{HOST}.stats().tilesLeft") == 0
    found = read(page)
    assert np.abs(np.float32(found["pixels"]) - wanted(app, "digits", found["z"])).max() <= TOLERANCE


def test_a_broken_program_is_said_and_the_old_one_stays(open_pad) -> None:
    page = open_pad()
    page.get_by_role("button", name="Broken program").click()
    page.wait_for_selector("text=The pad cannot show this model: The network program is cut short.")
    page.get_by_role("button", name="Run again").click()
    page.locator(".problem").wait_for(state="hidden")
    before = frames(page)
    page.mouse.click(*place(page, 0.75, 0.6))
    settle(page, before)


def test_arrow_keys(open_pad, app) -> None:
    page = open_pad()
    page.locator(".plane").focus()
    a0, a1, b0, b1 = read(page)["extent"]
    step = np.array([a1 - a0, b1 - b0]) / 100
    for key, steps in [
        ("ArrowRight", [1, 0]),
        ("ArrowUp", [1, 1]),
        ("Shift+ArrowLeft", [-9, 1]),
        ("Shift+ArrowDown", [-9, -9]),
    ]:
        before = frames(page)
        page.keyboard.press(key)
        settle(page, before)
        found = read(page)
        np.testing.assert_allclose(found["point"], steps * step, atol=1e-6)
        assert np.abs(np.float32(found["pixels"]) - wanted(app, "digits", found["z"])).max() <= TOLERANCE
    wait_until_known(page, -9 * step)
    plane = page.locator(".plane")
    assert plane.get_attribute("role") == "slider"
    text = "z1 (rate 3.2 nats) −{:.2f}, z2 (rate 3.2 nats) −{:.2f}".format(*(9 * step))
    assert plane.get_attribute("aria-valuetext") == text
    page.keyboard.press("Home")
    wait_until_known(page, [0, 0])


def test_keys_held_at_the_edge_stay_on_the_plane(open_pad) -> None:
    page = open_pad()
    page.locator(".plane").focus()
    for _ in range(8):
        page.keyboard.press("Shift+ArrowRight")
    page.wait_for_function(f"{HOST}.read().point[0] === {HOST}.read().extent[1]")


def follows(leading: np.ndarray, following: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Where the code z of one model leads in another, by all distances and a sort."""
    r = np.linalg.norm(leading.astype(float) - z, axis=1)
    near = np.argsort(r, kind="stable")[:9]
    weight = (1 - r[near] / r[near[-1]]) ** 2
    return (weight[:, None] * following[near]).sum(0) / weight.sum()


def test_two_models_follow_one_gesture_through_the_data(open_pad, app) -> None:
    page = open_pad(models=2)
    among, _ = app.codes("digits")
    there = app.other_codes(among)
    page.mouse.move(*place(page, 0.5, 0.5))
    page.mouse.down()
    for across, down in [(0.3, 0.3), (0.8, 0.6), (0.5, 0.9)]:
        before = frames(page)
        page.mouse.move(*place(page, across, down), steps=3)
        settle(page, before)
        lead, other = read(page)["models"]
        np.testing.assert_allclose(other["z"], follows(among, there, np.float32(lead["z"])), atol=1e-4)
        for shown, seed in [(lead, 0), (other, 2)]:
            assert np.abs(np.float32(shown["pixels"]) - wanted(app, "digits", shown["z"], seed)).max() <= TOLERANCE
        assert read(page)["nearest"] == np.linalg.norm(among - np.float32(lead["z"]), axis=1).argmin()
    page.mouse.up()
    assert page.problems == []


def test_another_model_takes_the_lead_where_it_is(open_pad, app) -> None:
    page = open_pad(models=2)
    page.mouse.click(*place(page, 0.3, 0.3))
    page.wait_for_selector("text=Runs: 2")
    before = read(page)["models"][1]
    page.get_by_role("button", name="BETA-VAE").click()
    page.wait_for_selector("text=Runs: 3")
    found = read(page)
    assert found["name"] == known(page)["lead"] == "beta-vae"
    np.testing.assert_allclose(found["z"], before["z"], atol=1e-5)
    np.testing.assert_allclose(found["pixels"], before["pixels"], atol=1e-4)
    page.mouse.click(*place(page, 0.6, 0.4))
    page.wait_for_selector("text=Runs: 4")
    among, _ = app.codes("digits")
    lead, other = read(page), read(page)["models"][0]
    np.testing.assert_allclose(lead["z"], at(page, 0.6, 0.4), atol=0.02)
    np.testing.assert_allclose(other["z"], follows(app.other_codes(among), among, np.float32(lead["z"])), atol=1e-4)


def test_the_same_z_on_request(open_pad, app) -> None:
    page = open_pad(models=2)
    page.get_by_role("button", name="Same z in all models").click()
    page.wait_for_selector("text=Runs: 2")
    assert known(page)["same"] is True
    page.mouse.click(*place(page, 0.3, 0.6))
    page.wait_for_selector("text=Runs: 3")
    lead, other = read(page)["models"]
    assert other["z"] == lead["z"]
    assert np.abs(np.float32(other["pixels"]) - wanted(app, "digits", other["z"], 2)).max() <= TOLERANCE


def test_planes_of_a_latent_of_many_dimensions(open_pad, app) -> None:
    page = open_pad("faces")
    page.mouse.click(*place(page, 0.6, 0.6))
    page.wait_for_selector("text=Runs: 2")
    z = np.float32(read(page)["z"])
    page.get_by_label("Dimension upwards").select_option("7")
    page.wait_for_selector("text=Runs: 3")
    found = read(page)
    assert found["plane"] == known(page)["plane"] == "0-7"
    np.testing.assert_allclose(found["z"], z, atol=1e-6)
    page.mouse.click(*place(page, 0.2, 0.3))
    page.wait_for_selector("text=Runs: 4")
    moved = np.float32(read(page)["z"])
    assert set(np.flatnonzero(np.abs(moved - z) > 1e-6)) == {0, 7}
    # The other axis's dimension is not taken twice: the two swap.
    page.get_by_label("Dimension across").select_option("7")
    page.wait_for_selector("text=Runs: 5")
    assert known(page)["plane"] == "7-0"
    page.get_by_role("radio", name="Principal components").click()
    page.wait_for_selector("text=Runs: 6")
    page.mouse.click(*place(page, 0.7, 0.7))
    page.wait_for_selector("text=Runs: 7")
    among, _ = app.codes("faces")
    centred = among - among.mean(0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    change = np.float32(known(page)["z"]) - moved
    assert np.linalg.norm(change) > 0.1
    inside = directions[:2].T @ (directions[:2] @ change)
    np.testing.assert_allclose(change, inside, atol=1e-3)


def test_points_off_the_plane_are_pale(open_pad) -> None:
    page = open_pad("faces")
    strongest = page.evaluate(
        """(() => {
          const canvas = document.querySelector('.stBidiComponent [data-testid]').shadowRoot.querySelector('.points');
          const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          const seen = new Set();
          for (let i = 3; i < data.length; i += 4) seen.add(data[i] >> 5);
          return seen.size;
        })()"""
    )
    assert strongest >= 5


def test_jumps_to_the_nearest_image(open_pad, app) -> None:
    page = open_pad("faces")
    page.mouse.click(*place(page, 0.8, 0.2))
    page.wait_for_selector("text=Runs: 2")
    nearest = read(page)["nearest"]
    page.get_by_role("button", name="Go to it").click()
    page.wait_for_selector("text=Runs: 3")
    np.testing.assert_allclose(read(page)["z"], app.codes("faces")[0][nearest], atol=1e-5)


def test_touch(open_pad, app) -> None:
    page = open_pad(width=390, height=844, has_touch=True, is_mobile=True)
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    page.locator(".plane").scroll_into_view_if_needed()
    scrolled = page.evaluate("document.querySelector('.stMain').scrollTop")
    before = frames(page)
    touch("touchStart", place(page, 0.2, 0.5))
    for step in range(10):
        touch("touchMove", place(page, 0.2, 0.5 + 0.04 * step))
    settle(page, before)
    touch("touchEnd")
    page.wait_for_selector("text=Runs: 2")
    found = read(page)
    np.testing.assert_allclose(found["point"], at(page, 0.2, 0.86), atol=0.05)
    assert np.abs(np.float32(found["pixels"]) - wanted(app, "digits", found["z"])).max() <= TOLERANCE
    # The page stays where it was while a finger moves on the pad.
    assert page.evaluate("document.querySelector('.stMain').scrollTop") == scrolled


def test_legend_filters_the_points(open_pad) -> None:
    page = open_pad()
    page.wait_for_selector(".legend button")

    def painted() -> int:
        return page.evaluate(
            """(() => {
              const canvas = document.querySelector('.stBidiComponent [data-testid]').shadowRoot.querySelector('.points');
              const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
              let count = 0;
              for (let i = 3; i < data.length; i += 4) count += data[i] > 0;
              return count;
            })()"""
        )

    whole = painted()
    page.locator(".legend button").nth(3).click()
    assert 0 < painted() < 0.2 * whole
    assert page.locator(".legend button[aria-pressed=true]").count() == 1
    page.locator(".legend button").nth(3).click()
    assert painted() == whole
    page.get_by_role("button", name="Encoded images").click()
    assert page.locator(".points").is_hidden()


@pytest.mark.parametrize(("width", "height", "scheme", "other"), [(390, 844, "light", "dark"), (1440, 900, "dark", "light")])
def test_fits_the_screen_in_both_themes(width: int, height: int, scheme: str, other: str, open_pad) -> None:
    page = open_pad("digits", width, height, color_scheme=scheme)
    fits_the_screen(page, width, height, scheme)
    page.emulate_media(color_scheme=other)
    page.wait_for_selector(f".pad[data-scheme={other}]")
    assert page.evaluate(f"{HOST}.read().pixels.length") == 784
    fits_the_screen(page, width, height, other)


def fits_the_screen(page, width: int, height: int, scheme: str) -> None:
    page.wait_for_function(f"{HOST}.stats().tilesLeft === 0", timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.locator(".stMain").evaluate("(main) => main.scrollWidth - main.clientWidth") <= 0
    assert page.locator(".pad").get_attribute("data-scheme") == scheme
    for part in [".plane", ".image-canvas", ".legend", ".code-values"]:
        box = page.locator(part).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    plane, picture = page.locator(".plane").bounding_box(), page.locator(".image-canvas").bounding_box()
    # Plane and image are seen together, whatever the screen.
    assert picture["y"] + picture["height"] - plane["y"] <= height
    assert page.problems == []


def test_resizing_keeps_the_point(open_pad) -> None:
    page = open_pad()
    page.mouse.click(*place(page, 0.8, 0.3))
    page.wait_for_selector("text=Runs: 2")
    before = read(page)
    wide = page.locator(".plane").bounding_box()["width"]
    page.set_viewport_size({"width": 600, "height": 900})
    # The canvas of the points gets the plane's new size in the same step as the handle its new place.
    page.wait_for_function(
        """(wide) => {
          const root = document.querySelector('.stBidiComponent [data-testid]').shadowRoot;
          const plane = root.querySelector('.plane').clientWidth;
          return plane !== Math.round(wide) && root.querySelector('.points').width === Math.round(plane * devicePixelRatio);
        }""",
        arg=wide,
    )
    wait_until_done(page)
    assert read(page) == before
    plane, handle = page.locator(".plane").bounding_box(), page.locator(".handle").bounding_box()
    assert abs(handle["x"] - (plane["x"] + 0.8 * plane["width"])) < 3


def test_first_hint_goes_with_the_first_touch(open_pad) -> None:
    page = open_pad()
    assert page.locator(".hint").evaluate("(e) => getComputedStyle(e).opacity") == "1"
    page.mouse.click(*place(page, 0.6, 0.6))
    page.wait_for_function("(hint) => getComputedStyle(hint).opacity === '0'", arg=page.locator(".hint").element_handle())

"""The tools around the pad: sliders, posteriors, display modes, overlays, navigation and paths, in a real Chromium."""

from __future__ import annotations

import re

import numpy as np
import pytest
from pad_page import HOST, TOLERANCE, at, frames, known, place, read, settle, wait_until_done, wait_until_known, wanted

pytestmark = pytest.mark.browser


def to_image(page, number: int) -> None:
    """Goes to a held-out image and marks it."""
    box = page.get_by_role("spinbutton", name="Held-out image")
    box.fill(str(number))
    box.press("Enter")
    page.locator(".marked-image", has_text=f"Marked: image {number} ").wait_for()


def pin(page, *images: int) -> None:
    for number in images:
        to_image(page, number)
        page.get_by_role("button", name="Pin this point").click()


def numbers(page, selector: str) -> list[np.ndarray]:
    """The points of a path of the SVG over the plane, in shares of its sides: an array for each of its pieces."""
    text = page.locator(selector).get_attribute("d")
    return [np.array(re.findall(r"-?[\d.]+", piece.split("h")[0]), float).reshape(-1, 2) / 100 for piece in text.split("M")[1:]]


@pytest.mark.parametrize("kind", ["digits", "faces"])
def test_a_slider_moves_its_dimension_alone_and_the_pad_goes_with_it(kind, open_pad, app):
    page = open_pad(kind)
    page.locator(".sliders summary").click()
    before = np.array(read(page)["z"])
    d = len(before)
    assert page.locator(".dimension").count() == d
    page.locator(".dimension input").nth(d - 1).focus()
    drawn = frames(page)
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    settle(page, drawn)
    found = read(page)
    moved = np.array(found["z"]) - before
    assert moved[-1] > 0 and np.abs(moved[:-1]).max() < 1e-6
    assert np.abs(np.float32(found["pixels"]) - wanted(app, kind, found["z"])).max() <= TOLERANCE
    wait_until_known(page, found["z"])
    # And the other way round.
    page.mouse.click(*place(page, 0.3, 0.3))
    page.wait_for_function(f"{HOST}.read().z[0] !== {found['z'][0]}")
    wait_until_done(page)
    shown = page.locator(".dimension output").first.inner_text().replace("\u2212", "-")
    assert float(shown) == pytest.approx(read(page)["z"][0], abs=0.006)
    assert page.problems == []


def test_strips_show_what_each_dimension_does_alone(open_pad, app):
    page = open_pad()
    page.locator(".sliders summary").click()
    page.locator(".dimension").first.wait_for()
    page.wait_for_function(f"{HOST}.stats().stripsLeft === 0")
    low, high = (float(page.locator(".dimension input").first.get_attribute(end)) for end in ("min", "max"))
    z = np.array(read(page)["z"], float)
    canvas = page.locator(".dimension canvas").first
    data = canvas.evaluate("(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    ink = np.reshape(data, (28, 9, 28, 4))[..., 3]
    for tile in range(9):
        z[0] = low + (tile + 0.5) / 9 * (high - low)
        np.testing.assert_allclose(ink[:, tile].ravel(), 255 * wanted(app, "digits", z), atol=0.6)


def test_the_posterior_of_an_image_is_an_ellipse_around_its_code(open_pad, app):
    page = open_pad()
    to_image(page, 8)
    codes, labels = app.codes("digits")
    assert f"({labels[7]})" in page.locator(".marked-image").inner_text()
    np.testing.assert_allclose(read(page)["z"], codes[7], atol=1e-5)
    a0, a1, b0, b1 = read(page)["extent"]

    def on_plane(shares: np.ndarray) -> np.ndarray:
        return shares * [a1 - a0, b0 - b1] + [a0, b1]

    for i, sigmas in enumerate((1, 2)):
        corners = on_plane(numbers(page, f".ellipse >> nth={i}")[0])
        np.testing.assert_allclose((((corners - codes[7]) / [0.1, 0.05]) ** 2).sum(1), sigmas**2, rtol=0.02)
    draws = on_plane(np.concatenate(numbers(page, ".draws")))
    assert len(draws) == 40
    np.testing.assert_allclose(draws.std(0), [0.1, 0.05], rtol=0.5)


def test_a_sample_has_the_pixels_of_its_likelihood(open_pad, app):
    page = open_pad()
    page.get_by_role("radio", name="Sample").click()
    page.wait_for_function(f"{HOST}.read().pixels.every((p) => p === 0 || p === 1)")
    mean = wanted(app, "digits", read(page)["z"])
    sample = np.array(read(page)["pixels"])
    # 784 draws of known probabilities: five standard deviations.
    assert abs(sample.sum() - mean.sum()) < 5 * np.sqrt((mean * (1 - mean)).sum())
    page.wait_for_selector("text=Runs: 2")
    assert known(page)["display"] == "sample"


def test_spread_is_that_of_draws_from_the_posterior(open_pad, app):
    page = open_pad()
    to_image(page, 3)
    page.get_by_role("radio", name="Spread").click()
    page.locator(".note", has_text="standard deviation of a pixel").wait_for()
    codes, _ = app.codes("digits")
    draws = codes[2] + np.random.default_rng(0).normal(0, 1, (500, 2)) * [0.1, 0.05]
    spread = np.stack([wanted(app, "digits", z) for z in draws.astype(np.float32)]).std(0)
    shown = np.array(read(page)["pixels"])
    assert shown.max() == pytest.approx(1)
    assert np.corrcoef(shown, spread)[0, 1] > 0.85


def test_a_path_is_walked_from_pin_to_pin_and_told_of(open_pad, app):
    page = open_pad()
    pin(page, 3, 11, 40)
    pins = app.codes("digits")[0][[2, 10, 39]]
    wait_until_known(page, pins[2])
    page.wait_for_function("(document.body.innerText.match(/\\], \\[/g) ?? []).length === 32")
    path = np.array(known(page)["path"]["codes"])
    assert len(path) == 33
    np.testing.assert_allclose(path[[0, 16, 32]], pins, atol=1e-5)
    np.testing.assert_allclose(path[8], pins[:2].mean(0), atol=1e-5)
    runs = page.locator("text=Runs:").inner_text()
    page.get_by_role("button", name="Loop").click()
    page.locator(".plane").focus()
    page.keyboard.press(" ")
    page.get_by_role("button", name="Pause").wait_for()
    page.wait_for_function(f"Math.hypot({HOST}.read().z[0] - {pins[1][0]}, {HOST}.read().z[1] - {pins[1][1]}) < 0.3")
    assert page.locator("text=Runs:").inner_text() == runs
    page.get_by_role("button", name="Play").wait_for()
    # Its last image is drawn a frame later.
    page.wait_for_function(f"Math.hypot({HOST}.read().z[0] - {pins[2][0]}, {HOST}.read().z[1] - {pins[2][1]}) < 1e-5")
    page.get_by_role("button", name="Clear pins").click()
    assert page.locator(".path-line").get_attribute("d") == ""
    assert page.problems == []


def test_a_hand_on_the_plane_stops_the_walk(open_pad, app):
    page = open_pad()
    pin(page, 3, 11)
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").wait_for()
    page.mouse.click(*place(page, 0.5, 0.2))
    page.get_by_role("button", name="Play").wait_for()
    # Python is told of no walk before its end, and by the time that it knows, a walk would have gone on.
    wait_until_known(page, at(page, 0.5, 0.2), atol=0.02)
    np.testing.assert_allclose(read(page)["point"], at(page, 0.5, 0.2), atol=0.02)


def test_random_draws_are_of_the_prior_wherever_they_are(open_pad, app):
    page = open_pad()
    seen = []
    for _ in range(30):
        page.get_by_role("button", name="Random draw").click()
        found = read(page)
        seen.append(found["z"])
        assert np.abs(np.float32(found["pixels"]) - wanted(app, "digits", found["z"])).max() <= TOLERANCE
    assert (np.abs(np.mean(seen, 0)) < 0.8).all() and (np.abs(np.std(seen, 0) - 1) < 0.6).all()
    page.get_by_role("button", name="Reset").click()
    wait_until_known(page, [0, 0])


def test_an_overlay_is_computed_by_a_worker_and_told_of(open_pad, app):
    page = open_pad()
    workers = []
    page.on("worker", lambda worker: workers.append(worker))
    page.get_by_role("radio", name="Prior", exact=True).click()
    page.wait_for_selector(".overlay[data-shown]")
    assert len(workers) == 1
    data = page.locator(".overlay").evaluate(
        "(c) => ({ width: c.width, data: [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data] })"
    )
    shown = np.reshape(data["data"], (-1, data["width"], 4))[..., :3]
    a0, a1, b0, b1 = read(page)["extent"]
    a, b = (
        low + (np.arange(n) + 0.5) / n * (high - low) for low, high, n in ((a0, a1, shown.shape[1]), (b1, b0, shown.shape[0]))
    )
    density = -0.5 * (a**2 + b[:, None] ** 2)
    # The colours rise with the density: viridis is ordered by its lightness.
    light, order = (shown @ [0.3, 0.6, 0.1]).ravel(), density.ravel()
    assert np.corrcoef(np.argsort(np.argsort(light)), np.argsort(np.argsort(order)))[0, 1] > 0.99
    scale = page.locator(".overlay-scale").inner_text().replace("\u2212", "-")
    low, high = (float(part) for part in re.findall(r"-?\d+\.\d", scale))
    constant = -np.log(2 * np.pi)
    assert high == pytest.approx(constant, abs=0.2) and low == pytest.approx(constant + np.quantile(density, 0.02), abs=0.2)
    page.wait_for_selector("text=Runs: 2")
    assert known(page)["overlay"] == "prior"
    page.get_by_role("radio", name="No overlay").click()
    assert page.locator(".overlay").is_hidden()
    assert page.problems == []


def test_a_plane_through_three_images(open_pad, app):
    page = open_pad("faces")
    page.get_by_role("radio", name="Three images").click()
    page.get_by_role("spinbutton", name="Image 2 of the plane").fill("12")
    page.keyboard.press("Enter")
    page.get_by_role("spinbutton", name="Image 3 of the plane").fill("34")
    page.keyboard.press("Enter")
    page.wait_for_function(f"/^im\\d+-11-33$/.test({HOST}.read().plane)")
    first = int(read(page)["plane"][2:].split("-")[0])
    codes = app.codes("faces")[0].astype(float)
    a, b, c = codes[[first, 11, 33]]
    np.testing.assert_allclose(read(page)["z"], a, atol=1e-5)
    drawn = frames(page)
    page.mouse.click(*place(page, 0.8, 0.3))
    settle(page, drawn)
    z = np.array(read(page)["z"]) - a
    share, *_ = np.linalg.lstsq(np.stack([b - a, c - a], 1), z, rcond=None)
    assert np.linalg.norm(z) > 0.05
    np.testing.assert_allclose(np.stack([b - a, c - a], 1) @ share, z, atol=1e-4)
    assert page.get_by_role("button", name="Image 12").count() == 1
    # One that would leave no plane is not taken.
    page.get_by_role("spinbutton", name="Image 2 of the plane").fill("34")
    page.keyboard.press("Enter")
    assert read(page)["plane"].endswith("-11-33")
    assert page.problems == []


def test_a_direction_between_classes_moves_the_code_and_is_kept(open_pad, app):
    page = open_pad()
    page.locator(".directions summary").click()
    page.get_by_label("From group", exact=True).select_option("2")
    page.get_by_label("To group", exact=True).select_option("7")
    page.get_by_role("button", name="Add the direction").click()
    codes, labels = app.codes("digits")
    wished = codes[labels == 7].mean(0) - codes[labels == 2].mean(0)
    drawn = frames(page)
    page.get_by_role("slider", name="How much of 2 to 7").fill("0.5")
    settle(page, drawn)
    found = read(page)
    np.testing.assert_allclose(found["z"], 0.5 * wished, atol=1e-4)
    assert np.abs(np.float32(found["pixels"]) - wanted(app, "digits", found["z"])).max() <= TOLERANCE
    wait_until_known(page, found["z"])
    name = page.get_by_label("Name of the direction")
    name.fill("turn")
    name.press("Enter")
    page.reload()
    page.wait_for_selector(".pad[data-ready=true]")
    page.locator(".directions summary").click()
    assert page.get_by_label("Name of the direction").input_value() == "turn"
    page.get_by_role("button", name="Remove").click()
    assert page.locator(".direction").count() == 0


def test_directions_by_hand_are_made_independent(open_pad, app):
    page = open_pad("faces")
    page.locator(".directions summary").click()
    for group, image in [("A", 5), ("B", 9)]:
        to_image(page, image)
        page.get_by_role("button", name=f"Nearest to group {group}").click()
    for a, b in [("Group A", "Group B"), ("1", "3")]:
        page.get_by_label("From group", exact=True).select_option(a)
        page.get_by_label("To group", exact=True).select_option(b)
        page.get_by_role("button", name="Add the direction").click()
    assert page.locator(".direction").count() == 2
    page.get_by_role("button", name="Orthogonal to the others").nth(1).click()
    kept = page.evaluate("Object.values(localStorage).map((text) => JSON.parse(text))")
    (first, second) = next(found for found in kept if isinstance(found, list) and len(found) == 2)
    codes, labels = app.codes("faces")
    np.testing.assert_allclose(first["vector"], codes[8] - codes[4], atol=1e-5)
    assert abs(np.dot(first["vector"], second["vector"])) < 1e-4 * np.linalg.norm(first["vector"])
    np.testing.assert_allclose(second["whole"], codes[labels == 3].mean(0) - codes[labels == 1].mean(0), atol=1e-4)
    page.get_by_label("From group", exact=True).select_option("Group A")
    page.get_by_label("To group", exact=True).select_option("Group A")
    page.get_by_role("button", name="Add the direction").click()
    page.locator(".status", has_text="give no direction").wait_for()
    assert page.problems == []


def test_layers_are_hidden_and_shown(open_pad, app):
    page = open_pad()
    to_image(page, 8)
    for name, layer in [("Posterior", ".posterior"), ("Encoded images", ".points"), ("Decoded grid", ".tiles")]:
        assert page.locator(layer).evaluate("(e) => getComputedStyle(e).display") != "none"
        page.get_by_role("button", name=name, exact=True).click()
        assert page.locator(layer).evaluate("(e) => getComputedStyle(e).display") == "none"
        page.get_by_role("button", name=name, exact=True).click()
        assert page.locator(layer).evaluate("(e) => getComputedStyle(e).display") != "none"


def test_planes_are_chosen_by_arrow_keys_which_keep_the_focus(open_pad, app):
    page = open_pad("faces")
    page.get_by_role("radio", name="Two dimensions").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{HOST}.read().plane === 'pc'")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{HOST}.read().plane.startsWith('im')")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{HOST}.read().plane === '0-1'")


def test_a_walk_yields_to_reset_and_to_sliders(open_pad, app):
    page = open_pad()
    pin(page, 3, 11)
    page.locator(".sliders summary").click()
    page.get_by_role("button", name="Play").click()
    page.locator(".dimension input").first.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Play").wait_for()
    page.get_by_role("button", name="Play").click()
    page.locator(".plane").focus()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Play").wait_for()
    wait_until_known(page, [0, 0])
    assert read(page)["z"] == [0, 0]

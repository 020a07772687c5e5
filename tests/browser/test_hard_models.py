"""Every page with models that are hard to show: no traceback, and a sentence where something cannot be."""

from __future__ import annotations

import io
import math
from urllib.parse import urlencode

import hard_models
import numpy as np
import pytest
from pad_page import HOST, drag, read, wait_until_done
from PIL import Image

from explorer.services.view import MapSettings, View
from vae_core import checkpoint
from vae_core.data.untrusted import shown

pytestmark = pytest.mark.browser

NAMES = (
    "no rate", "no rate and equal codes", "equal codes", "nearly equal codes", "one dimension", "one dimension, equal codes",
    "many classes", "two images", "one image", "no held-out images", "no labels", "sphere", "circle", "no program",
    "huge codes", "no rate in its loss", "dependent dimensions", "a learned prior", "two layers",
    "texts", "texts without held-out ones", "conditional texts",
    "codebook", "codebook without images", "codebook without a program",
    "conditional", "conditional of many classes", "conditional without images", "conditional without a program",
    hard_models.HOSTILE, hard_models.LONG,
)  # fmt: skip
LINKS = {"": "Latent grid", "map": "Map", "compare": "Compare", "your_images": "Your images", "fine_tune": "Fine-tune"}
# What is there once a page has been drawn; on a map, of which some of these have none, a picture or a sentence.
PAGES = {
    "": ".pad[data-ready=true], [data-testid=stMain] [data-testid=stAlert]",
    "map": ".map[data-ready=true], [data-testid=stMain] [data-testid=stAlert]",
    "compare": "#rate-distortion",
    "your_images": "[data-testid=stFileUploader], [data-testid=stTextInput]",
    "fine_tune": "text=Trains on:",
}


@pytest.fixture
def open_with(hard_url, open_page):
    page = None

    def opened(path: str, *names: str, by_link: bool = False, **more):
        """The page of that address, or behind its link, drawn without a traceback or an error in the browser."""
        nonlocal page
        address = f"{hard_url}/{path}?{urlencode(View('', names, names[0], **more).query())}"
        if page is None:
            page = open_page(address)
        elif by_link:
            page.get_by_role("link", name=LINKS[path], exact=True).click()
            page.wait_for_function("(path) => location.pathname === `/${path}`", arg=path)
        else:
            page.goto(address)
        page.wait_for_selector(PAGES[path], state="attached", timeout=60_000)
        page.wait_for_selector(".shell", timeout=60_000)
        sound(page)
        chosen = page.locator("[data-testid=stSidebar] button[aria-pressed=true]").all_inner_texts()
        assert sorted(title.split(" ", 1)[1] for title in chosen) == sorted(map(shown, names))
        return page

    return opened


def sound(page) -> None:
    page.settled()
    traces = page.locator("[data-testid=stException]").all_inner_texts()
    told = [problem.inner_text() for problem in page.locator(".problem").all() if problem.is_visible()]
    assert (traces, told, page.problems) == ([], [], [])


def give_a_picture(page) -> None:
    content = io.BytesIO()
    Image.linear_gradient("L").resize((12, 9)).save(content, "PNG")
    field = page.locator("[data-testid=stFileUploader] input[type=file]").first
    field.set_input_files([{"name": "a.png", "mimeType": "image/png", "buffer": content.getvalue()}])
    page.get_by_role("button", name="Download NPZ").wait_for(timeout=60_000)


def give_texts(page) -> None:
    assert page.get_by_text("Images are for models of images").count() == 1
    field = page.get_by_label("Your texts")
    field.fill("Anna b0b zoe")
    field.press("Enter")
    page.wait_for_selector(".rows .text >> text=anna", timeout=60_000)
    assert page.locator(".rows figure").count() == 4 and page.get_by_text("has the character '0'").count() == 1
    sound(page)


@pytest.mark.parametrize("name", NAMES)
def test_no_page_shows_a_traceback(open_with, name):
    for path in PAGES:
        page = open_with(path, name, by_link=True)
        if path == "your_images" and "texts" in name:
            give_texts(page)
        elif path == "your_images":
            give_a_picture(page)
            sound(page)
            for link in page.get_by_role("link", name="Show on the latent grid").all():
                link.click()
                page.wait_for_selector(PAGES[""], timeout=60_000)
                sound(page)


@pytest.mark.parametrize("method", ["pca", "umap", "tsne"])
def test_a_map_of_equal_codes_says_why_there_is_none(open_with, method):
    page = open_with("map", "equal codes", map=MapSettings(method))
    page.wait_for_selector("text=equal codes: All 60 codes are the same")
    assert page.get_by_role("button", name="Draw the").count() == 0


def test_a_code_of_one_dimension_is_a_line(open_with):
    page = open_with("", "one dimension")
    assert page.locator(".axis-a .axis-label").inner_text() == "z1"
    assert page.locator(".axis-b .axis-label").inner_text() == "" and page.locator(".axis-b .ticks span").count() == 0
    assert page.get_by_text("A code of 1 dimension.").count() == 1
    box = page.locator(".plane").bounding_box()
    assert box["width"] > 4 * box["height"]
    first = read(page)
    drag(page, (0.5, 0.5), (0.9, 0.1))
    page.mouse.up()
    moved = read(page)
    assert moved["z"][0] > first["z"][0] and moved["point"] == [pytest.approx(moved["z"][0]), 0]
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as one HTML file").click()
    assert download.value.suggested_filename == "one dimension.html"
    sound(page)


def test_what_a_page_cannot_run_is_left_out_of_the_sheet_alone(open_with):
    page = open_with("", "no program")
    assert page.get_by_role("button", name="Export as one HTML file").is_disabled()
    page = open_with("your_images", "no program")
    assert page.get_by_text("A page cannot run no program by itself").count() == 1
    assert page.locator(".sketch").count() == 0
    page = open_with("your_images", "no labels", "no program")
    page.wait_for_selector(".sketch[data-ready=true]", timeout=60_000)
    assert page.locator(".sketch .pane").count() == 1


def test_a_map_of_a_model_without_a_program_has_no_reconstructions(open_with):
    page = open_with("map", "no program")
    page.locator(".field").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=so there are no reconstructions")
    assert page.locator(".pictures figure").count() == 1 and page.locator(".pictures canvas").count() == 0
    sound(page)


def test_a_learned_prior_is_drawn_from_and_has_no_overlay(open_with):
    page = open_with("", "a learned prior")
    page.get_by_role("button", name="Random draw").click()
    page.get_by_role("radio", name="Prior").click()
    page.wait_for_selector("text=The density of this model's prior has no overlay")
    sound(page)


def test_dependent_dimensions_are_told_where_an_ellipse_is_drawn(open_with):
    page = open_with("", "dependent dimensions")
    field = page.get_by_placeholder("1 to 60")
    field.fill("2")
    field.press("Enter")
    page.wait_for_selector("text=that the dimensions depend on one another is not drawn")
    sound(page)


def test_codes_of_a_codebook_have_no_plane_and_no_path_and_are_shown_elsewhere(open_with):
    page = open_with("", "codebook")
    page.get_by_text("codebook has no plane to drag through").wait_for()
    assert page.locator(".pad").count() == 0 and page.get_by_role("button", name="Export as one HTML file").count() == 0
    page = open_with("", "codebook", "no labels")
    page.get_by_text("codebook has no plane to drag through").wait_for()
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    assert len(read(page)["z"]) == 2
    page = open_with("compare", "codebook", "no labels")
    page.get_by_text("codebook has no row: its codes are whole numbers").wait_for()
    page.get_by_text("A model with a codebook was not trained to decode codes that are drawn one by one").wait_for()
    page = open_with("map", "codebook")
    page.wait_for_selector(".map[data-ready=true]", timeout=60_000)
    page.locator(".field").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".pictures canvas")
    page = open_with("your_images", "codebook")
    page.wait_for_selector(".sketch[data-ready=true]", timeout=60_000)
    give_a_picture(page)
    page.get_by_text("each number of the codebook as a colour").wait_for()
    assert page.get_by_role("link", name="Show on the latent grid").count() == 0
    sound(page)


def test_many_classes_have_a_legend(open_with):
    page = open_with("", "many classes")
    assert page.locator(".legend button").count() == hard_models.MANY_CLASSES
    assert page.locator(".legend").bounding_box()["height"] <= 200


@pytest.mark.parametrize("name", ["sphere", "circle"])
def test_codes_that_are_dragged_on_a_sphere_stay_on_it(open_with, name):
    page = open_with("", name)
    for place in [(0.9, 0.1), (0.6, 0.55), (0.2, 0.4), (1.2, 0.5)]:
        drag(page, place)
        found = read(page)
        assert math.hypot(*found["z"]) == pytest.approx(1, abs=1e-6)
        drawn_at = [found["z"][int(dimension)] for dimension in found["plane"].split("-")]
        assert drawn_at == pytest.approx(found["point"], abs=1e-5) and math.hypot(*found["point"]) <= 1 + 1e-5
        page.mouse.up()
    # A slider moves one dimension, and the others keep their proportions.
    page.locator(".sliders summary").click()
    slider = page.locator(".dimension input").last
    before = read(page)["z"]
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"{HOST}.read().z.at(-1) !== {before[-1]}")
    found = read(page)
    assert math.hypot(*found["z"]) == pytest.approx(1, abs=1e-6)
    assert found["z"][0] * before[1] == pytest.approx(found["z"][1] * before[0], abs=1e-5) or name == "circle"
    page.get_by_role("button", name="Random draw").click()
    wait_until_done(page)
    assert math.hypot(*read(page)["z"]) == pytest.approx(1, abs=1e-6)
    sound(page)


def test_the_path_between_pins_on_a_sphere_is_a_great_circle(open_with):
    page = open_with("", "sphere")
    drag(page, (0.2, 0.4))
    page.mouse.up()
    ends = [read(page)["z"]]
    page.get_by_role("button", name="Pin this point").click()
    drag(page, (0.7, 0.7))
    page.mouse.up()
    ends.append(read(page)["z"])
    page.get_by_role("button", name="Pin this point").click()
    kinds = page.get_by_role("radiogroup", name="Path between pins").get_by_role("radio").all_inner_texts()
    assert kinds == ["Great circle", "Along the data"]
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    codes = np.loadtxt(download.value.path(), delimiter=",", skiprows=1)
    np.testing.assert_allclose(codes[[0, -1]], ends, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 1, atol=1e-5)
    angles = np.arccos(np.clip((codes[1:] * codes[:-1]).sum(1), -1, 1))
    np.testing.assert_allclose(angles, angles.mean(), rtol=0.01)
    sound(page)


def test_what_the_pad_does_not_draw_of_a_sphere_is_said(open_with):
    page = open_with("", "sphere")
    box = page.get_by_role("spinbutton", name="Held-out image")
    box.fill("5")
    box.press("Enter")
    sentence = "Its spread is not drawn: its posterior (von Mises-Fisher, concentration 100) has no standard deviation"
    page.locator(".marked-image", has_text=sentence).wait_for()
    page.get_by_role("radio", name="Spread").click()
    page.locator(".panes", has_text=sentence).wait_for()
    page.get_by_role("radio", name="Codes").click()
    page.locator(".overlay-scale", has_text=sentence).wait_for()
    page.get_by_role("radio", name="Prior").click()
    page.locator(".overlay-scale", has_text="on the sphere, whose density is the same everywhere").wait_for()
    page.get_by_role("radio", name="Change").click()
    page.locator(".overlay-scale", has_text="image distance per unit of z").wait_for()
    sound(page)


def test_texts_are_decoded_under_the_finger(open_with, hard_folder):
    page = open_with("", "texts")
    stored = checkpoint.load(hard_folder / "texts.safetensors")
    model = stored.model
    for place in [(0.2, 0.3), (0.8, 0.6)]:
        drag(page, place)
        page.mouse.up()
        wait_until_done(page)
        found = read(page)
        wanted = model.decode([found["z"]])[0].tolist()
        assert found["pixels"] == wanted
        (text,) = model.modelled.texts([wanted])
        label = page.locator(".image-canvas").get_attribute("aria-label")
        assert label.startswith(f"texts: {text}, decoded text at z1")
    assert page.get_by_text("The likeliest text").count() == 1
    page.get_by_role("radio", name="Change").click()
    page.locator(".overlay-scale", has_text="A text changes in jumps").wait_for()
    sound(page)
    page = open_with("map", "texts")
    page.locator(".field").focus()
    page.keyboard.press("Enter")
    canvas = page.locator(".pictures canvas")
    canvas.wait_for()
    assert canvas.get_attribute("data-text") in model.modelled.texts(model.decode(stored.held_out.codes).tolist())
    page = open_with("compare", "texts")
    assert page.locator("#reconstructions").count() == 1 and page.locator(".rows img").count() == 0
    assert page.locator(".rows .text").count() > 20

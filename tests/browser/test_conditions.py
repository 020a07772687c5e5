"""The class that conditional models are given: switched on the pad, kept by the address, and by an exported file."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from pad_page import TOLERANCE, read, wait_until_done
from PIL import Image

from vae_core import checkpoint

pytestmark = pytest.mark.browser

NAME = "conditional"


@pytest.fixture
def open_pad(open_hard):
    return lambda *names, **more: open_hard("", ".pad[data-ready=true]", *names, **more)


def agrees(page, folder: Path, condition: int, name: str = NAME) -> np.ndarray:
    """The pixels of the lead model, which are the model's own for the code at the handle and that class."""
    wait_until_done(page)
    found = read(page)
    model = checkpoint.load(folder / f"{name}.safetensors").model
    wanted = model.decode(np.float32(found["z"]), condition).flatten().numpy()
    np.testing.assert_allclose(found["pixels"], wanted, atol=TOLERANCE, rtol=0)
    return np.array(found["pixels"])


def test_the_switch_gives_the_model_another_class_at_the_same_code(open_pad, hard_folder):
    page = open_pad(NAME)
    first, z = agrees(page, hard_folder, 0), read(page)["z"]
    sent = len(page.sent_frames)
    page.get_by_role("radio", name="c", exact=True).click()
    second = agrees(page, hard_folder, 2)
    assert read(page)["z"] == z and np.abs(first - second).max() > 1e-3
    page.wait_for_function("location.search.includes('class=2')")
    assert len(page.sent_frames) > sent
    page.reload()
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    np.testing.assert_allclose(agrees(page, hard_folder, 2), second, atol=TOLERANCE)
    assert page.get_by_role("radio", name="c", exact=True).get_attribute("aria-checked") == "true"
    assert page.problems == []


def test_the_arrow_keys_switch_the_class(open_pad, hard_folder):
    page = open_pad(NAME, width=390)
    page.get_by_role("radio", name="a", exact=True).focus()
    page.keyboard.press("ArrowRight")
    agrees(page, hard_folder, 1)
    assert page.get_by_role("radio", name="b", exact=True).evaluate("(e) => e.getRootNode().activeElement === e")


def test_many_classes_are_a_list(open_pad, hard_folder):
    name = "conditional of many classes"
    page = open_pad(name, condition=7)
    agrees(page, hard_folder, 7, name)
    page.get_by_label("Class given to the model").select_option("class 299")
    agrees(page, hard_folder, 299, name)


def test_the_server_decodes_with_the_class(open_pad, hard_folder):
    name = "conditional without a program"
    page = open_pad(name, condition=1)
    wait_until_done(page)
    model = checkpoint.load(hard_folder / f"{name}.safetensors").model
    for title, condition in (("b", 1), ("c", 2)):
        page.get_by_role("radio", name=title, exact=True).click()
        wait_until_done(page)
        found = read(page)
        wanted = model.decode(np.float32(found["z"]), condition).flatten().numpy()
        np.testing.assert_allclose(found["pixels"], wanted, atol=1e-3, rtol=0)


def test_models_without_conditions_have_no_switch(open_pad):
    page = open_pad("no rate")
    assert page.locator(".condition").is_hidden()


def images(page, block: int, line: int, columns: int) -> np.ndarray:
    """The images of a row on Compare: block 0 reconstructions, 1 new images, 2 the path; (columns, H, W) in 0 to 255."""
    found = page.locator(".rows").nth(block).locator("img")
    uris = [found.nth(line * columns + i).get_attribute("src") for i in range(columns)]
    return np.stack([np.array(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1])))) for uri in uris])


def test_compare_decodes_with_the_chosen_class(open_hard, hard_folder):
    page = open_hard("compare", "text=Rate against distortion", NAME, condition=1)
    page.wait_for_function("document.querySelectorAll('.rows').length === 3", timeout=60_000)
    saved = checkpoint.load(hard_folder / f"{NAME}.safetensors")
    model = saved.model
    for condition in (1, 2):
        wanted = model.sample(8, condition=condition)[:, 0].numpy()
        np.testing.assert_allclose(images(page, 1, 0, 8), 255 * wanted, atol=0.51)
        x = images(page, 0, 0, 8).astype(np.uint8)
        codes = model.encode(x, saved.held_out.labels[:8]).mean
        rebuilt, switched = (model.decode(codes, classes)[:, 0] for classes in (saved.held_out.labels[:8], condition))
        np.testing.assert_allclose(images(page, 0, 1, 8), 255 * rebuilt.numpy(), atol=0.51)
        np.testing.assert_allclose(images(page, 0, 3, 8), 255 * switched.numpy(), atol=0.51)
        if condition == 1:
            page.get_by_role("radio", name="c", exact=True).click()
            page.wait_for_function("location.search.includes('class=2')")
            page.settled()
            page.wait_for_selector("text=the same codes, as c")
    assert page.problems == []


def test_drawings_are_rebuilt_in_the_chosen_class(open_hard, hard_folder):
    page = open_hard("your_images", ".sketch[data-ready=true]", NAME, condition=1)
    host = "[...document.querySelectorAll('.stBidiComponent [data-testid]')].find((e) => e.sketch)?.sketch"
    model = checkpoint.load(hard_folder / f"{NAME}.safetensors").model
    read_sketch = f"(() => {{ const r = {host}.read(); return {{ x: [...r.x], pixels: [...r.models[0].pixels] }}; }})()"
    for condition in (1, 2):
        found = page.evaluate(read_sketch)
        wanted = model.reconstruct(np.float32(found["x"]).reshape(1, 1, 8, 8), condition).flatten()
        np.testing.assert_allclose(found["pixels"], wanted, atol=1e-3)
        if condition == 1:
            before = found["pixels"]
            page.get_by_role("radio", name="c", exact=True).click()
            page.wait_for_function(f"JSON.stringify({read_sketch}.pixels) !== JSON.stringify({before})")
            assert "class=2" in page.url

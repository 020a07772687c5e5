"""The class that conditional models are given: switched on the pad, kept by the address, and by an exported file."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import hard_models
import numpy as np
import pytest
from pad_page import TOLERANCE, read, wait_until_done

from explorer.services.view import View
from vae_core import checkpoint

pytestmark = pytest.mark.browser

APP = Path(__file__).with_name("hard_app.py")
NAME = "conditional"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("conditional")
    hard_models.make(made)
    return made


@pytest.fixture
def open_pad(serve, open_page, folder, tmp_path):
    def opened(*names: str, width: int = 1440, **more):
        url = serve(APP, {"VAE_CHECKPOINTS": str(tmp_path), "VAE_DATA": ""}, "--checkpoints", str(folder))
        page = open_page(f"{url}/?{urlencode(View('', names, names[0], **more).query())}", width)
        page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
        page.settled()
        return page

    return opened


def agrees(page, folder: Path, condition: int, name: str = NAME) -> np.ndarray:
    """The pixels of the lead model, which are the model's own for the code at the handle and that class."""
    wait_until_done(page)
    found = read(page)
    model = checkpoint.load(folder / f"{name}.safetensors").model
    wanted = model.decode(np.float32(found["z"]), condition).flatten().numpy()
    np.testing.assert_allclose(found["pixels"], wanted, atol=TOLERANCE, rtol=0)
    return np.array(found["pixels"])


def test_the_switch_gives_the_model_another_class_at_the_same_code(open_pad, folder):
    page = open_pad(NAME)
    first, z = agrees(page, folder, 0), read(page)["z"]
    sent = len(page.sent_frames)
    page.get_by_role("radio", name="c", exact=True).click()
    second = agrees(page, folder, 2)
    assert read(page)["z"] == z and np.abs(first - second).max() > 1e-3
    page.wait_for_function("location.search.includes('class=2')")
    assert len(page.sent_frames) > sent
    page.reload()
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    np.testing.assert_allclose(agrees(page, folder, 2), second, atol=TOLERANCE)
    assert page.get_by_role("radio", name="c", exact=True).get_attribute("aria-checked") == "true"
    assert page.problems == []


def test_the_arrow_keys_switch_the_class(open_pad, folder):
    page = open_pad(NAME, width=390)
    page.get_by_role("radio", name="a", exact=True).focus()
    page.keyboard.press("ArrowRight")
    agrees(page, folder, 1)
    assert page.get_by_role("radio", name="b", exact=True).evaluate("(e) => e.getRootNode().activeElement === e")


def test_many_classes_are_a_list(open_pad, folder):
    name = "conditional of many classes"
    page = open_pad(name, condition=7)
    agrees(page, folder, 7, name)
    page.get_by_label("Class given to the model").select_option("class 299")
    agrees(page, folder, 299, name)


def test_the_server_decodes_with_the_class(open_pad, folder):
    name = "conditional without a program"
    page = open_pad(name, condition=1)
    wait_until_done(page)
    model = checkpoint.load(folder / f"{name}.safetensors").model
    for title, condition in (("b", 1), ("c", 2)):
        page.get_by_role("radio", name=title, exact=True).click()
        wait_until_done(page)
        found = read(page)
        wanted = model.decode(np.float32(found["z"]), condition).flatten().numpy()
        np.testing.assert_allclose(found["pixels"], wanted, atol=1e-3, rtol=0)


def test_models_without_conditions_have_no_switch(open_pad):
    page = open_pad("no rate")
    assert page.locator(".condition").is_hidden()

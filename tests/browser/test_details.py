"""The details below the code that is dragged: at their means or one draw on the pad, and in reconstructions."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import hard_models
import numpy as np
import pytest
from pad_page import TOLERANCE, drag, read, wait_until_done

from explorer.services.view import View
from vae_core import checkpoint

pytestmark = pytest.mark.browser

APP = Path(__file__).with_name("hard_app.py")
LAYERS = "two layers"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("details")
    hard_models.make(made)
    return made


@pytest.fixture(scope="module")
def url(serve, folder, tmp_path_factory):
    none = tmp_path_factory.mktemp("none")
    return serve(APP, {"VAE_CHECKPOINTS": str(none), "VAE_DATA": ""}, "--checkpoints", str(folder))


@pytest.fixture
def open_pad(url, open_page):
    def opened(name: str):
        page = open_page(f"{url}/?{urlencode(View('', (name,), name).query())}")
        page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
        page.settled()
        return page

    return opened


def shown(page, folder: Path, name: str, tolerance: float) -> tuple[np.ndarray, list[float] | None]:
    """The pixels on the pad, which are the model's own for the code and the details, and the details."""
    wait_until_done(page)
    found = read(page)
    details = found["details"]
    given = None if details is None else np.float32(details)
    wanted = checkpoint.load(folder / f"{name}.safetensors").model.decode(np.float32(found["z"]), details=given)
    np.testing.assert_allclose(found["pixels"], wanted.flatten().numpy(), atol=tolerance, rtol=0)
    return np.array(found["pixels"]), details


@pytest.mark.parametrize(("name", "tolerance"), [(LAYERS, TOLERANCE), (f"{LAYERS} without a program", 1e-3)])
def test_drawn_details_stay_while_the_code_moves(open_pad, folder, name, tolerance):
    page = open_pad(name)
    at_mean, details = shown(page, folder, name, tolerance)
    assert details is None
    page.get_by_role("radio", name="Drawn details").click()
    drawn, details = shown(page, folder, name, tolerance)
    assert details is not None and np.abs(drawn - at_mean).max() > 1e-3
    drag(page, (0.3, 0.6), (0.7, 0.2))
    page.mouse.up()
    moved, kept = shown(page, folder, name, tolerance)
    assert kept == details and np.abs(moved - drawn).max() > 1e-4
    page.get_by_role("button", name="Draw again").click()
    assert shown(page, folder, name, tolerance)[1] != details
    page.get_by_role("radio", name="Mean details").click()
    assert shown(page, folder, name, tolerance)[1] is None
    assert page.get_by_role("button", name="Draw again").is_hidden()
    assert page.problems == []


def test_models_of_one_group_have_no_switch(open_pad):
    assert open_pad("no rate").locator(".details-switch").is_hidden()

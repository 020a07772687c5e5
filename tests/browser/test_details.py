"""The details below the code that is dragged: at their means or one draw on the pad, and in reconstructions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pad_page import TOLERANCE, drag, read, wait_until_done

from vae_core import checkpoint

pytestmark = pytest.mark.browser

LAYERS = "two layers"


@pytest.fixture
def open_pad(open_hard):
    return lambda name: open_hard("", ".pad[data-ready=true]", name)


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
def test_drawn_details_stay_while_the_code_moves(open_pad, hard_folder, name, tolerance):
    page = open_pad(name)
    at_mean, details = shown(page, hard_folder, name, tolerance)
    assert details is None
    page.get_by_role("radio", name="Drawn details").click()
    drawn, details = shown(page, hard_folder, name, tolerance)
    assert details is not None and np.abs(drawn - at_mean).max() > 1e-3
    drag(page, (0.3, 0.6), (0.7, 0.2))
    page.mouse.up()
    moved, kept = shown(page, hard_folder, name, tolerance)
    assert kept == details and np.abs(moved - drawn).max() > 1e-4
    page.get_by_role("button", name="Draw again").click()
    assert shown(page, hard_folder, name, tolerance)[1] != details
    page.get_by_role("radio", name="Mean details").click()
    assert shown(page, hard_folder, name, tolerance)[1] is None
    assert page.get_by_role("button", name="Draw again").is_hidden()
    assert page.problems == []


def test_models_of_one_group_have_no_switch(open_pad):
    assert open_pad("no rate").locator(".details-switch").is_hidden()

"""The pad as one file in Firefox, opened from disk with the network off."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from firefox import Firefox
from pad_file import HOST, exported
from PIL import Image

from vae_core.checkpoint import registry

pytestmark = pytest.mark.browser

ROOT = "document.querySelector('main').shadowRoot"
PAD = f"{ROOT}.querySelector('.pad')"
DIGITS = ("mnist-vae-2", (0.5, -0.75))
FACES = ("faces-vae-64", None)
LOOKS = [
    (*DIGITS, 1440, 900, "light", "mouse"),
    (*DIGITS, 390, 844, "dark", "touch"),
    (*FACES, 1440, 900, "dark", "mouse"),
    (*FACES, 390, 844, "light", "touch"),
]


@pytest.fixture(scope="module")
def open_file(firefox: Firefox, tmp_path_factory):
    """open_file(name, z, how Firefox opens it) -> Firefox with the pad of this model, at this code."""
    folder = tmp_path_factory.mktemp("files")

    def opened(name: str, z: tuple[float, ...] | None, *how, **named) -> Firefox:
        path: Path = folder / f"{name}.html"
        if not path.exists():
            path.write_bytes(exported(name, **({"z": z} if z else {})))
        firefox.open(path.as_uri(), *how, **named)
        firefox.wait_for(f"{PAD}.dataset.ready === 'true' && {HOST}.read().pixels.some((value) => value > 0)")
        return firefox

    return opened


def box(firefox: Firefox, selector: str) -> tuple[float, float, float, float]:
    """(x, y, width, height) of an element in the window."""
    found = firefox.evaluate(f"{ROOT}.querySelector('{selector}').getBoundingClientRect().toJSON()")
    return found["x"], found["y"], found["width"], found["height"]


def seen(firefox: Firefox) -> tuple[np.ndarray, np.ndarray]:
    """The code that is looked at, and the bytes (H, W, RGBA) of the canvas with its image."""
    # At once, so that both are of the same frame.
    z, width, data = firefox.remote.script(
        f"""const canvas = {ROOT}.querySelector(".image-canvas");
        const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return [[...{HOST}.read().z], image.width, [...image.data]];"""
    )
    return np.float32(z), np.reshape(data, (-1, width, 4))


def decoded(name: str, z: np.ndarray) -> np.ndarray:
    """What torch makes of a code, as such bytes."""
    image = registry.load(name).model.decode(z[None])[0].numpy().transpose(1, 2, 0)
    height, width, _ = image.shape
    return 255 * np.dstack([np.broadcast_to(image, (height, width, 3)), np.ones((height, width))])


def show_sliders(firefox: Firefox) -> None:
    firefox.remote.script(f"const sliders = {ROOT}.querySelector('.sliders'); sliders.open = true; sliders.scrollIntoView();")
    firefox.wait_for(f"{ROOT}.querySelector('.track') && {HOST}.stats().stripsLeft === 0")


@pytest.mark.parametrize(("name", "z", "width", "height", "scheme", "pointer"), LOOKS)
def test_it_opens_and_follows_the_hand(name, z, width, height, scheme, pointer, open_file) -> None:
    firefox = open_file(name, z, width, height, scheme)
    assert firefox.evaluate(f"[innerWidth, innerHeight, {PAD}.dataset.scheme]") == [width, height, scheme]
    started, before = seen(firefox)
    if z:
        np.testing.assert_allclose(started, z, atol=1e-6)
    assert np.abs(before - decoded(name, started)).max() <= 1
    x, y, across, down = box(firefox, ".plane")
    firefox.drag(*((x + a * across, y + b * down) for a, b in [(0.5, 0.5), (0.2, 0.3), (0.7, 0.8)]), pointer=pointer)
    firefox.wait_for(f"{HOST}.stats().frames > 0 && !('dragging' in {ROOT}.querySelector('.plane').dataset)")
    moved, after = seen(firefox)
    assert np.abs(moved - started).max() > 0.1
    assert np.abs(after - before).max() > 50
    assert np.abs(after - decoded(name, moved)).max() <= 1
    assert firefox.evaluate("scrollY") == 0
    assert firefox.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert firefox.evaluate(f"{ROOT}.querySelector('.problem').hidden")
    assert firefox.errors() == []


def test_a_worker_computes_an_overlay(open_file) -> None:
    firefox = open_file(*DIGITS)
    firefox.remote.script(f"[...{ROOT}.querySelectorAll('button')].find((one) => one.textContent === 'Change').click()")
    firefox.wait_for(f"'shown' in {ROOT}.querySelector('.overlay').dataset", seconds=60)
    assert firefox.errors() == []


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_overlaps(width: int, open_file) -> None:
    firefox = open_file(*DIGITS, width)
    ticks = f"{ROOT}.querySelectorAll('.axis-b .ticks span')"
    x, _, across, _ = box(firefox, ".axis-b .axis-label")
    assert firefox.evaluate(f"Math.min(...[...{ticks}].map((tick) => tick.getBoundingClientRect().x))") >= x + across
    # A slider's thumb that is taller than its strip makes the rows scroll.
    show_sliders(firefox)
    rows = f"{ROOT}.querySelector('.rows')"
    assert firefox.evaluate(f"{rows}.scrollHeight - {rows}.clientHeight") <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sliders_strips_have_the_ground_of_the_page(scheme: str, open_file) -> None:
    firefox = open_file(*DIGITS, scheme=scheme)
    show_sliders(firefox)
    x, y, width, height = map(round, box(firefox, ".track"))
    shot = np.array(Image.open(io.BytesIO(firefox.screenshot())).convert("L"), np.float32)
    strip = shot[y + 4 : y + height - 4, x + 4 : x + width - 4]
    assert abs(np.median(strip) - shot[y + 4, x - 4]) < 40
    # What is written on it can be read.
    assert np.ptp(strip) > 150


def test_an_error_of_a_page_is_noticed(firefox: Firefox, tmp_path) -> None:
    path = tmp_path / "wrong.html"
    path.write_text("<!doctype html><script type=module>nowhere();</script>")
    firefox.open(path.as_uri())
    (error,) = firefox.errors()
    assert "nowhere" in error

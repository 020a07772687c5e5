"""The page Your images: good files are rebuilt, bad ones refused with the reason, and all is gone with the session."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_core import load_dataset

pytestmark = pytest.mark.browser

APP = Path(__file__).parents[2] / "explorer" / "app.py"
# Streamlit's page asks for its own settings below the page's address first, and finds none there.
ITS_OWN = "404 (Not Found)"
PAD = "[...document.querySelectorAll('.stBidiComponent [data-testid]')].find((e) => e.latentPad)?.latentPad"


def png(x: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(x).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def open_page_(serve, open_page):
    def opened(width: int = 1440, height: int = 900, **options):
        env = {"VAE_DATA": "", "XDG_CACHE_HOME": "/nonexistent"}
        page = open_page(f"{serve(APP, env)}/your_images?models=mnist-vae-2,mnist-beta-vae-2", width, height, **options)
        page.wait_for_selector("[data-testid=stFileUploader]", timeout=60_000)
        return page

    return opened


def give(page, **files: bytes) -> None:
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(
        [{"name": name.replace("_", "."), "mimeType": "image/png", "buffer": content} for name, content in files.items()]
    )


def done(page) -> None:
    page.get_by_role("button", name="Download NPZ").wait_for(timeout=60_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
    # Streamlit puts HTML into the page a moment after its script has ended.
    page.wait_for_selector(".rows img", timeout=60_000)


def test_files_are_rebuilt_or_refused_one_by_one(open_page_):
    page = open_page_()
    digit = load_dataset("mnist5k").test.x[3, 0].numpy()
    large = np.full((300, 300), 255, np.uint8)
    large[38:262, 38:262] = 255 - np.kron(digit, np.ones((8, 8), np.uint8))
    board = np.kron(np.indices((4, 4)).sum(0) % 2, np.full((16, 16), 255)).astype(np.uint8)
    give(page, digit_png=png(large), board_png=png(board), program_png=b"MZ\x90\x00", empty_png=b"", cut_png=png(large)[:200])
    done(page)
    for name, reason in [("program", "it is not a PNG"), ("empty", "it is empty"), ("cut", "it cannot be decoded")]:
        assert page.locator(f"text=/{name}.png was not used: {reason}/").count() == 1
    # A digit as in MNIST passes for one, and a chessboard does not.
    assert page.locator("text=It is unlike the images of MNIST").count() == 2
    assert page.locator("text=/the error is larger than that of/").count() == 4
    page.get_by_role("button", name="Remove").nth(1).click()
    page.wait_for_function("!document.body.innerText.includes('board.png')")
    done(page)
    assert page.locator("text=It is unlike").count() == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Download NPZ").click()
    with np.load(download.value.path(), allow_pickle=False) as saved:
        assert ((saved["images"][0, 0] / 255.0 - digit / 255.0) ** 2).mean() < 0.01
        code = saved["mnist-vae-2/codes"][0]
    page.get_by_role("button", name="Show on the latent grid").click()
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    np.testing.assert_allclose(page.evaluate(f"[...{PAD}.read().z]"), code, atol=2e-3)
    assert [problem for problem in page.problems if ITS_OWN not in problem] == []


def test_how_it_is_prepared_can_be_changed(open_page_):
    page = open_page_()
    x = np.zeros((40, 120), np.uint8)
    x[5:35, 5:20] = 255
    give(page, bar_png=png(x))
    done(page)
    prepared = page.locator(".rows img").first
    before = prepared.get_attribute("src")
    page.get_by_text("all of it", exact=True).click()
    page.wait_for_function("(before) => document.querySelector('.rows img').src !== before", arg=before)
    whole = prepared.get_attribute("src")
    page.locator("label").filter(has_text="Invert").click()
    page.wait_for_function("(before) => document.querySelector('.rows img').src !== before", arg=whole)


def test_another_session_sees_nothing_of_it(open_page_):
    page = open_page_()
    give(page, mine_png=png(np.arange(100, dtype=np.uint8).reshape(10, 10)))
    page.wait_for_selector("text=mine.png", timeout=60_000)
    assert open_page_().locator("text=mine.png").count() == 0


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_the_screen(open_page_, width, height, scheme):
    page = open_page_(width, height, color_scheme=scheme)
    give(page, a_png=png(np.arange(100, dtype=np.uint8).reshape(10, 10)))
    done(page)
    assert page.locator(".stMain").evaluate("(main) => main.scrollWidth - main.clientWidth") <= 0

"""The page Your images: good files are rebuilt, bad ones refused with the reason, and all is gone with the session."""

from __future__ import annotations

import io

import numpy as np
import pytest
from pad_page import HOST as PAD
from PIL import Image

from vae_core import load_dataset
from vae_core.checkpoint import registry

pytestmark = pytest.mark.browser

SKETCH = "[...document.querySelectorAll('.stBidiComponent [data-testid]')].find((e) => e.sketch)?.sketch"


def png(x: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(x).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def open_page_(serve_bare, open_page):
    def opened(width: int = 1440, height: int = 900, **options):
        page = open_page(f"{serve_bare()}/your_images?models=mnist-vae-2,mnist-beta-vae-2", width, height, **options)
        page.wait_for_selector("[data-testid=stFileUploader]", timeout=60_000)
        return page

    return opened


def give(page, **files: bytes) -> None:
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(
        [{"name": name.replace("_", "."), "mimeType": "image/png", "buffer": content} for name, content in files.items()]
    )


def done(page) -> None:
    page.get_by_role("button", name="Download NPZ").wait_for(timeout=60_000)
    page.settled()
    # Streamlit puts HTML into the page a moment after its script has ended.
    page.wait_for_selector(".rows img", timeout=60_000)


def test_other_endings_and_a_large_photograph_are_taken(open_page_):
    page = open_page_()
    jpeg = io.BytesIO()
    photograph = Image.new("L", (8064, 6048), 20)
    photograph.paste(230, (3000, 2000, 5000, 4500))
    photograph.save(jpeg, "JPEG")
    board = np.kron(np.indices((4, 4)).sum(0) % 2, np.full((16, 16), 255)).astype(np.uint8)
    small = io.BytesIO()
    Image.fromarray(board).save(small, "JPEG")
    give(page, photo_jfif=small.getvalue(), phone_jpe=jpeg.getvalue(), board_apng=png(board))
    done(page)
    for name in ("photo.jfif", "phone.jpe", "board.apng"):
        assert page.locator(f"text=· {name}").count() == 1
    assert "was not used" not in page.inner_text("body")
    assert page.problems == []


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
    assert page.locator("text=This image is unlike the images of MNIST").count() == 2
    assert page.locator("text=/the error is larger than that of/").count() == 4
    page.get_by_role("button", name="Remove").nth(1).click()
    page.wait_for_function("!document.body.innerText.includes('board.png')")
    done(page)
    assert page.locator("text=This image is unlike").count() == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Download NPZ").click()
    with np.load(download.value.path(), allow_pickle=False) as saved:
        assert ((saved["images"][0, 0] / 255.0 - digit / 255.0) ** 2).mean() < 0.01
        code = saved["mnist-vae-2/codes"][0]
    page.get_by_role("link", name="Show on the latent grid").click()
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    np.testing.assert_allclose(page.evaluate(f"[...{PAD}.read().z]"), code, atol=2e-3)
    assert page.problems == []


def read_sketch(page) -> dict:
    return page.evaluate(
        f"(() => {{ const {{ x, strokes, models }} = {SKETCH}.read();"
        " const plain = ({ name, z, pixels }) => ({ name, z: [...z], pixels: [...pixels] });"
        " return { x: [...x], strokes, models: models.map(plain) }; })()"
    )


def draw_a_seven(page) -> None:
    page.wait_for_selector(".sketch[data-ready=true]", timeout=60_000)
    box = page.locator(".drawing").bounding_box()

    def move(x: float, y: float, steps: int = 1) -> None:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=steps)

    move(0.2, 0.2)
    page.mouse.down()
    move(0.6, 0.2, 10)
    move(0.35, 0.7, 10)
    page.mouse.up()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_a_drawing_is_encoded_and_rebuilt_while_the_pen_moves(open_page_):
    page = open_page_()
    sent = len(page.sent_frames)
    draw_a_seven(page)
    assert len(page.sent_frames) == sent, "Python was called while the pen moved"
    found = read_sketch(page)
    x = np.float32(found["x"]).reshape(1, 1, 28, 28)
    # What MNIST's digits are like: 20 pixels at their longest.
    lit = np.flatnonzero((x[0, 0] > 0.1).any(1))
    assert 19 <= np.ptp(lit) + 1 <= 21
    for model in found["models"]:
        torch_model = registry.load(model["name"]).model
        np.testing.assert_allclose(model["z"], torch_model.encode(x).mean[0], atol=1e-3)
        np.testing.assert_allclose(model["pixels"], torch_model.reconstruct(x).flatten(), atol=1e-3)
    # Handed over, it is prepared by Python in the same way.
    page.get_by_text("Add to your images").click()
    done(page)
    assert page.locator("text=drawing 1").count() == 1
    with page.expect_download() as download:
        page.get_by_role("button", name="Download NPZ").click()
    with np.load(download.value.path(), allow_pickle=False) as saved:
        assert np.abs(saved["images"][0] / 255.0 - x[0]).mean() < 0.02
    # It stays on the sheet, to be gone on with; taken back, the sheet is empty again.
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"{SKETCH}.read().strokes === 0")
    assert max(read_sketch(page)["x"]) == 0 and page.problems == []


def test_a_pasted_picture_is_taken_in(open_page_):
    page = open_page_()
    page.wait_for_selector(".sketch[data-ready=true]", timeout=60_000)
    content = list(png(np.full((40, 40, 3), 200, np.uint8)))
    page.evaluate(
        """(content) => {
          const data = new DataTransfer();
          data.items.add(new File([Uint8Array.from(content)], "x.png", { type: "image/png" }));
          document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        content,
    )
    page.wait_for_selector("text=pasted picture 1", timeout=60_000)


def test_own_images_are_marked_on_pad_and_map(open_page_):
    page = open_page_()
    digit = load_dataset("mnist5k").test.x[3, 0].numpy()
    give(page, digit_png=png(digit))
    done(page)
    page.get_by_role("link", name="Show on the latent grid").click()
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    code = registry.load("mnist-vae-2").model.encode(digit[None, None]).mean[0]
    page.mouse.move(10, 10)
    page.locator(".plane").click(position={"x": 20, "y": 20})
    assert np.abs(np.float32(page.evaluate(f"[...{PAD}.read().z]")) - code.numpy()).max() > 0.1
    page.get_by_label("Your image 1: digit.png").click()
    np.testing.assert_allclose(page.evaluate(f"[...{PAD}.read().z]"), code, atol=2e-3)
    page.get_by_role("link", name="Your images").click()
    done(page)
    page.get_by_role("link", name="Show on the map").click()
    page.wait_for_selector(".map[data-ready=true]", timeout=60_000)
    page.get_by_label("Your image 1: digit.png").click()
    page.wait_for_function("location.search.includes('picked=')")
    codes = registry.load("mnist-vae-2").held_out.codes
    nearest = int(((codes - code) ** 2).sum(1).argmin())
    assert f"picked={nearest}" in page.url
    assert page.problems == []


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

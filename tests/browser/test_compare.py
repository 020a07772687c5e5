"""The page Compare: the pictures are the models' own, and the address brings them back."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from vae_core import load_dataset
from vae_core.checkpoint import registry
from vae_core.data.sources import STAND_INS
from vae_core.metrics.table import shown

pytestmark = pytest.mark.browser

NAMES = ("mnist-vae-2", "mnist-beta-vae-2")


@pytest.fixture
def open_compare(serve_bare, open_page, tmp_path):
    def opened(query: str = "models=" + ",".join(NAMES), width: int = 1440, height: int = 900, **options):
        page = open_page(f"{serve_bare()}/compare?{query}", width, height, **options)
        ready(page)
        return page

    return opened


def ready(page) -> None:
    page.wait_for_selector("text=Rate against distortion", timeout=60_000)
    page.settled()
    # Streamlit puts HTML into the page a moment after its script has ended.
    page.wait_for_selector(".metrics tbody tr", timeout=60_000)
    page.wait_for_function("document.querySelectorAll('.rows').length === 3", timeout=60_000)
    page.wait_for_selector(".js-plotly-plot .scatterlayer text", timeout=60_000)


def row(page, block: int, line: int) -> np.ndarray:
    """The images of a row: block 0 reconstructions, 1 new images, 2 the way; (N, H, W) in 0 to 255."""
    rows = page.locator(".rows").nth(block)
    columns = rows.locator("img").count() // rows.locator(".head").count()
    found = []
    for i in range(columns):
        uri = rows.locator("img").nth(line * columns + i).get_attribute("src")
        found.append(np.array(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1])))))
    return np.stack(found)


def test_the_pictures_are_those_of_the_models(open_compare):
    page = open_compare()
    x = load_dataset(STAND_INS["mnist"]).test.x[:8]
    np.testing.assert_array_equal(row(page, 0, 0), x[:, 0].numpy())
    for i, name in enumerate(NAMES):
        model = registry.load(name).model
        np.testing.assert_allclose(row(page, 0, 1 + 2 * i), 255 * model.reconstruct(x)[:, 0].numpy(), atol=0.51)
        np.testing.assert_allclose(row(page, 1, i), 255 * model.sample(8)[:, 0].numpy(), atol=0.51)
        ends = model.encode(x[:2]).mean
        way = model.interpolate(ends[0], ends[1], 9)
        np.testing.assert_allclose(row(page, 2, 1 + i), 255 * way[:, 0].numpy(), atol=0.51)
    assert page.problems == []


def test_choices_are_in_the_address(open_compare):
    page = open_compare()
    first = row(page, 0, 0)
    page.get_by_role("button", name="Other images").click()
    page.wait_for_function("location.search.includes('row=8')")
    page.get_by_role("button", name="Draw again").click()
    page.wait_for_function("location.search.includes('seed=1')")
    page.get_by_label("to image").fill("12")
    page.get_by_label("to image").press("Enter")
    page.wait_for_function("location.search.includes('ends=0%2C11')")
    page.get_by_role("radio", name="great circle").click()
    page.wait_for_function("location.search.includes('path=spherical')")
    ready(page)
    again = open_compare(page.evaluate("location.search.slice(1)"))
    # The images of the last choice come a moment after its address.
    sources = "[...document.querySelectorAll('.rows img')].map((image) => image.src)"
    page.wait_for_function(f"(sources) => {sources}.join() === sources.join()", arg=again.evaluate(sources))
    assert not np.array_equal(first, row(page, 0, 0))


def test_figures_are_those_of_the_checkpoints(open_compare):
    page = open_compare()
    for i, name in enumerate(NAMES):
        cells = page.locator(".metrics tbody tr").nth(i).locator("td").all_inner_texts()
        known = registry.load(name).metrics
        names = ("distortion", "rate", "negative_elbo", "mse", "ssim", "active_units")
        assert [cell.rstrip(" ✓") for cell in cells] == [shown(n, known) for n in names]
    assert page.locator(".js-plotly-plot .scatterlayer text").count() >= 2

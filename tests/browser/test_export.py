"""The pad as one file, opened from disk with the network off."""

from __future__ import annotations

import numpy as np
import pytest
import streamlit as st
from pad_file import HOST, exported
from pad_page import place

from explorer.services import models
from vae_core.checkpoint import registry

pytestmark = pytest.mark.browser

LARGEST = {(1, 28, 28): 6e6, (3, 64, 64): 12e6}


@pytest.mark.parametrize("name", ["mnist-vae-2", "mnist-vae-16", "fashion_mnist-vae-16", "mnist-vae-32-binary", "faces-vae-64"])
def test_files_are_small(name: str) -> None:
    assert len(exported(name)) < LARGEST[tuple(models.registry().card(name).config.image)]
    st.cache_resource.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_from_disk_and_decodes_what_torch_does(scheme: str, open_page, browser, tmp_path) -> None:
    path = tmp_path / "pad.html"
    path.write_bytes(exported("mnist-vae-2", "mnist-ae-2", z=(0.5, -0.75)))
    page = open_page("about:blank", color_scheme=scheme)
    page.context.set_offline(True)
    page.goto(path.as_uri())
    page.wait_for_selector(f".pad[data-ready=true][data-scheme={scheme}]")
    assert "VAE, 2-D and AE, 2-D on MNIST" in page.title()
    read = f"(() => {{ const r = {HOST}.read(); return {{ z: [...r.z], pixels: [...r.pixels] }}; }})()"
    np.testing.assert_allclose(page.evaluate(read)["z"], [0.5, -0.75], atol=1e-6)
    model = registry.load("mnist-vae-2").model
    page.mouse.move(*place(page, 0.5, 0.5))
    page.mouse.down()
    for across, down in [(0.2, 0.3), (0.7, 0.8)]:
        before = page.evaluate(f"{HOST}.stats().frames")
        page.mouse.move(*place(page, across, down), steps=3)
        page.wait_for_function(f"{HOST}.stats().frames > {before} && !{HOST}.stats().drawing")
        found = page.evaluate(read)
        wanted = model.decode(np.float32(found["z"])).flatten().numpy()
        # The shipped weights are float16 already.
        assert np.abs(np.float32(found["pixels"]) - wanted).max() <= 1e-4
    page.mouse.up()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.problems == []


# Parts of a shadow tree are told of without their nodes; what the page has below the pad may give way to it.
SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) if (shift.sources.some(({ node }) => !node)) shifts += shift.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_on_it_moves_by_itself(width: int, open_page, tmp_path) -> None:
    path = tmp_path / "pad.html"
    path.write_bytes(exported("mnist-vae-2"))
    page = open_page("about:blank", width)
    page.add_init_script(SHIFTS)
    page.goto(path.as_uri())
    page.wait_for_selector(".pad[data-ready=true]")
    page.wait_for_function(f"!{HOST}.stats().pending && {HOST}.stats().tilesLeft === 0")
    # What has moved is told of after the frame.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("shifts") == 0

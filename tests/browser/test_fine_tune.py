"""The page Fine-tune: a run from start to end, found again from another page and by another server, its result kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pad_page import HOST

from vae_core import checkpoint, load_dataset
from vae_core.checkpoint import registry

pytestmark = pytest.mark.browser


def open_tune(serve_bare, open_page, query: str = "models=mnist-vae-2", **env: str):
    page = open_page(f"{serve_bare(**env)}/fine_tune?{query}")
    page.wait_for_selector("text=A new run", timeout=60_000)
    page.settled()
    return page


def begin(page, steps: int) -> None:
    page.get_by_role("radio", name="steps").click()
    field = page.get_by_label("Steps", exact=True)
    field.fill(str(steps))
    field.press("Enter")
    page.settled()
    page.get_by_role("button", name="Start").click()
    page.wait_for_function("location.search.includes('run=')")


def test_a_run_to_its_end_kept_and_explored(serve_bare, open_page, home):
    page = open_tune(serve_bare, open_page)
    begin(page, 4)
    # Elsewhere meanwhile, and back; then in another window, by the address alone.
    page.get_by_role("link", name="Latent grid").click()
    page.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    page.get_by_role("link", name="Fine-tune").click()
    page.get_by_role("button", name="Keep").wait_for(timeout=120_000)
    assert page.locator(".metrics tbody tr").count() == 2
    page.wait_for_selector(".rows img", timeout=60_000)

    (job,) = home.glob("jobs/*")
    assert job.name in page.url
    result = checkpoint.load(job / "result.safetensors")
    assert result.training["steps"] == 4
    shown = page.locator(".metrics tbody tr").nth(1).inner_text()
    assert f"{result.metrics['mse']:.4f}" in shown
    x = load_dataset("mnist5k").test.x
    before = ((registry.load("mnist-vae-2").model.reconstruct(x) - x / 255) ** 2).mean()
    assert f"{before:.4f}" in page.locator(".metrics tbody tr").nth(0).inner_text()

    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert Path(download.value.path()).read_bytes() == (job / "result.safetensors").read_bytes()
    page.get_by_label("Keep as").fill("mine")
    page.get_by_label("Keep as").press("Enter")
    page.settled()
    page.get_by_role("button", name="Keep").click()
    page.wait_for_selector("text=The model is now in the sidebar", timeout=60_000)
    page.wait_for_function("location.search.includes('models=mnist-vae-2%2Cmine')")
    again = open_page(f"{serve_bare()}/?models=mine")
    again.wait_for_selector(".pad[data-ready=true]", timeout=60_000)
    found = again.evaluate(f"(() => {{ const r = {HOST}.read(); return {{ z: [...r.z], pixels: [...r.pixels] }}; }})()")
    np.testing.assert_allclose(found["pixels"], result.model.decode([found["z"]]).flatten(), atol=1e-4)
    assert page.problems + again.problems == []


def test_what_trains_and_how_is_chosen(serve_bare, open_page, home):
    page = open_tune(serve_bare, open_page)
    page.get_by_text("Training settings").click()
    chosen = {
        "What trains": "Only the latent heads",
        "Likelihood": "Gaussian, learned sigma",
        "Stop early": "After 3 validations",
        "Average of the weights": "0.99 per step",
    }
    # A list that opens while the panel around it still grows closes again.
    page.get_by_role("combobox", name=list(chosen)[-1]).wait_for()
    grown = "(panel) => panel.getAnimations().length === 0 && panel.scrollHeight <= panel.clientHeight + 5"
    page.wait_for_function(f"[...document.querySelectorAll('details')].every({grown})")
    for label, option in chosen.items():
        box = page.get_by_role("combobox", name=label)
        box.fill(option)
        page.get_by_role("option", name=option, exact=True).wait_for()
        box.press("Enter")
        page.get_by_role("option").first.wait_for(state="detached")
        page.settled()
    begin(page, 4)
    page.get_by_role("button", name="Keep").wait_for(timeout=120_000)
    page.wait_for_selector("text=Both rows are under the new likelihood")

    (job,) = home.glob("jobs/*")
    before, after = registry.load("mnist-vae-2"), checkpoint.load(job / "result.safetensors")
    settings = after.training["config"]
    assert (settings["trained"], settings["patience"], settings["ema"]) == ("heads", 3, 0.99)
    assert after.config.likelihood.kind == "gaussian-learned" and after.config.objective == before.config.objective
    first, last = before.model.encoder.body[0].weight, before.model.encoder.body[-1].weight
    assert (first.half() == after.model.encoder.body[0].weight.half()).all()
    assert not (last.half() == after.model.encoder.body[-1].weight.half()).all()
    assert page.problems == []


def test_a_run_is_found_after_a_restart_of_the_server_and_stopped(serve_bare, open_page, home):
    page = open_tune(serve_bare, open_page)
    # Too few to be compiled first.
    begin(page, 40_000)
    page.wait_for_selector("text=/Step [0-9,]+ of 40,000/", timeout=60_000)
    query = page.url.split("?")[1]
    # Another server with the same home, as after a restart.
    again = open_tune(serve_bare, open_page, query, RESTARTED="1")
    again.wait_for_selector("text=/Step [0-9,]+ of 40,000/", timeout=60_000)
    again.get_by_role("button", name="Stop").click()
    again.get_by_role("button", name="Keep").wait_for(timeout=120_000)
    assert again.locator("text=It was stopped by hand").count() == 1
    again.get_by_role("button", name="Discard").click()
    again.wait_for_function("!location.search.includes('run=')")
    assert not list(home.glob("jobs/*"))
    assert page.problems + again.problems == []

"""Every page, in both themes, on a desktop and on a phone: nothing is cut, nothing fails, and all can read what we draw."""

from __future__ import annotations

import io

import pytest
from PIL import Image

pytestmark = pytest.mark.browser

MODELS = "models=mnist-vae-2,mnist-beta-vae-2"
# Streamlit's own widgets are not ours to mend.
OURS = [".stBidiComponent", "[data-testid=stHtml]"]
SERIOUS = ("serious", "critical")


def digits(page) -> None:
    """Gives the page an image to work on."""
    content = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).save(content, "PNG")
    field = page.locator("[data-testid=stFileUploader] input[type=file]").first
    field.set_input_files([{"name": "a.png", "mimeType": "image/png", "buffer": content.getvalue()}])
    page.wait_for_selector(".rows img", timeout=60_000)


PAGES = {
    # address: what to wait for, what has to be how wide, and what a person does there
    "": (".pad[data-ready=true]", ".plane", 250, None),
    "map": (".map[data-ready=true]", ".field", 300, None),
    "compare": (".js-plotly-plot .scatterlayer text", ".rows img", 20, None),
    "your_images": (".sketch[data-ready=true]", ".drawing", 250, digits),
    "fine_tune": ("text=Trains on:", "[data-testid=stMain] [data-testid=stSelectbox]", 100, None),
}


@pytest.fixture
def opened(serve_bare, open_page):
    def opened(path: str, **options):
        page = open_page(f"{serve_bare()}/{path}?{MODELS}", **options)
        ready, _, _, act = PAGES[path]
        page.wait_for_selector(ready, timeout=60_000)
        page.settled()
        if act:
            act(page)
            page.settled()
        return page

    return opened


# Each page is opened in either theme and on either screen, and changes to the other theme while it is open.
@pytest.mark.parametrize(("width", "height", "schemes"), [(1440, 900, ("light", "dark")), (390, 844, ("dark", "light"))])
@pytest.mark.parametrize("path", PAGES)
def test_it_fits_and_can_be_read(opened, path, width, height, schemes):
    page = opened(path, width=width, height=height, color_scheme=schemes[0])
    fits_and_can_be_read(page, path, width, schemes[0])
    page.emulate_media(color_scheme=schemes[1])
    told = "(scheme) => getComputedStyle(document.querySelector('.stApp')).colorScheme === scheme"
    page.wait_for_function(told, arg=schemes[1])
    page.settled()
    page.locator(f"[data-scheme={schemes[0]}]").first.wait_for(state="detached")
    page.wait_for_function("document.getAnimations().length === 0")
    fits_and_can_be_read(page, path, width, schemes[1])


def fits_and_can_be_read(page, path: str, width: int, scheme: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".stMain").evaluate("(main) => main.scrollWidth - main.clientWidth") <= 0
    _, selector, least, _ = PAGES[path]
    box = page.locator(selector).first.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["width"] >= least
    for scheme_of in page.locator("[data-scheme]").all():
        assert scheme_of.get_attribute("data-scheme") == scheme
    assert violations(page) == []
    assert page.problems == []


def violations(page) -> list[str]:
    """What axe finds in what we draw, of some weight: rule, and where."""
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe is not installed").AXE_FILE_PATH
    for selector in OURS:
        page.wait_for_selector(selector, state="attached")
    if page.evaluate("typeof axe") == "undefined":
        page.add_script_tag(path=axe)
    context = {"include": [[selector] for selector in OURS]}
    found = page.evaluate("(context) => axe.run(context, { resultTypes: ['violations'] })", context)
    assert found["passes"], "axe looked at nothing"
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]

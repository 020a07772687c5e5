"""Each component is one HTML, one CSS and one JavaScript text that need nothing else."""

from pathlib import Path

import pytest

import explorer.components
from explorer.components.assets import assets

COMPONENTS = Path(explorer.components.__file__).parent
NAMES = {"latent_pad": "pad", "point_map": "map", "shell": "shell", "sketch": "sketch"}


def test_every_component_is_looked_at():
    assert set(NAMES) == {path.parent.name for path in COMPONENTS.glob("*/*.html")}


@pytest.mark.parametrize("folder", NAMES)
def test_assets_are_one_self_contained_module(folder):
    html, css, js = assets(COMPONENTS / folder, NAMES[folder])
    assert f'class="{NAMES[folder]}"' in html
    assert ":host" in css
    assert js.count("export default") == 1
    assert "\nimport " not in js
    # Streamlit takes a string without line breaks for a path.
    assert all("\n" in text for text in (html, css, js))
    assert "http" not in js.replace("http://www.w3.org/2000/svg", "")

"""The app's script under Streamlit's own test harness: what is there without a browser."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer.services.text import widget_key

MAIN = Path(__file__).parents[2] / "explorer" / "main.py"


@pytest.fixture(autouse=True)
def main_module(monkeypatch):
    # The harness leaves the script as the main module, and every process that is spawned later would run it first.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def run() -> AppTest:
    app = AppTest.from_file(MAIN, default_timeout=60).run()
    assert not app.exception, app.exception
    return app


def test_without_checkpoints_it_says_how_to_get_one(folder):
    (error,) = run().error
    assert "python -m vae_core train" in error.value


def test_it_opens_on_the_pad(put):
    put("m")
    app = run()
    assert [part.key for part in app.get("bidi_component")] == [widget_key("pad", "m"), "shell"]
    assert app.sidebar.button_group[0].value == ["m"]


def test_marks_in_a_title_are_shown_and_not_obeyed(put):
    put("m", data="![x](http://a/t.png)")
    assert any("\\!\\[X\\]" in caption.value for caption in run().caption)


def test_a_hostile_file_is_named_and_the_rest_works(folder, put):
    put("good")
    put("bad")
    path = folder / "bad.safetensors"
    whole = path.read_bytes()
    length = struct.unpack("<Q", whole[:8])[0]
    head = json.loads(whole[8 : 8 + length])
    header = json.loads(head["__metadata__"]["latent_explorer"])
    header["metrics"]["negative_elbo"] = "x"
    head["__metadata__"]["latent_explorer"] = json.dumps(header)
    new = json.dumps(head).encode()
    new += b" " * (-len(new) % 8)
    path.write_bytes(struct.pack("<Q", len(new)) + new + whole[8 + length :])
    app = run()
    (warning,) = app.warning
    assert "bad.safetensors" in warning.value.replace("\\", "") and "negative_elbo" in warning.value.replace("\\", "")
    assert len(app.sidebar.button_group[0].options) == 1


@pytest.mark.parametrize(("z", "told"), [("1_2", 0), ("nan_1", 1), ("1_2_3", 1), ("abc", 1), ("", 0)])
def test_a_point_that_the_model_has_not_is_said_once(put, z, told):
    put("m")
    app = AppTest.from_file(MAIN, default_timeout=60)
    app.query_params["z"] = z
    app.run()
    assert not app.exception
    assert sum("no point" in toast.value for toast in app.toast) == told
    assert not any("no point" in toast.value for toast in app.run().toast)


def test_beta_can_be_chosen_only_where_it_has_an_effect(put):
    put("m")
    app = AppTest.from_file(MAIN, default_timeout=60).run()
    app.switch_page("screens/fine_tune.py").run()
    assert not app.exception
    beta = widget_key("tune-beta", "m")
    assert not app.number_input(beta).disabled
    app.selectbox("tune-trained").select("decoder").run()
    assert app.number_input(beta).disabled
    app.selectbox("tune-trained").select("heads").run()
    assert not app.number_input(beta).disabled and not app.exception

"""A view survives its URL; a wrong URL gives the nearest view that exists."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.services import view
from explorer.services.models import ModelCard, Registry
from explorer.services.view import MapSettings, View
from vae_core.zoo import model_config


def card(name: str, data: str, kind: str = "vae", latent: int = 2) -> ModelCard:
    config = model_config(kind, (1, 28, 28), latent, classes=10)
    return ModelCard(name, data, data.title(), "", kind, config, kind, {}, "")


A = (
    card("a-vae", "a"), card("a-ae", "a", "ae"), card("a-5", "a", latent=5), card("a-6", "a"), card("a-7", "a"),
    card("a-c", "a", "cvae"),
)  # fmt: skip
REGISTRY = Registry((*A, card("b-vae", "b")), ())


@pytest.mark.parametrize(
    "seen",
    [
        View("a", ("a-vae",), "a-vae"),
        View("b", ("b-vae",), "b-vae", "", (0.5, -1.25)),
        View("a", ("a-vae", "a-ae"), "a-ae", "0-1", (-3.0, 1000.0), True),
        View("a", ("a-vae", "a-ae", "a-5"), "a-5", "4-2", (0.0, 1.0, 2.0, 3.0, -4.0)),
        View("a", ("a-5",), "a-5", "pc"),
        View("a", ("a-vae", "a-c"), "a-vae", condition=9),
        View("a", ("a-5",), "a-5", "im12-7-99", display="spread", overlay="density"),
        View("a", ("a-5",), "a-5", map=MapSettings("umap", (("min_dist", 0.25), ("neighbours", 30.0))), colour=1, picked=12),
        View(
            "a", ("a-5",), "a-5", map=MapSettings("tsne", (("perplexity", 12.0),)), lasso=((0.0, 1.0), (2.5, -1.0), (3.0, 0.0))
        ),
        View("a", ("a-vae",), "a-vae", row=8, seed=3, ends=(4, 9), path="spherical", run="fine-tune-20260101-120000-abcdef"),
    ],
)
def test_survives_its_url(seen):
    assert view.read(seen.query(), REGISTRY) == seen


@pytest.mark.parametrize("name", ["a,b", "a%2Cb", "%", ",", "%25,%2C", "a b&c=d#e?f", "\u202e[x](y)", "x" * 200])
def test_any_name_survives_an_address(name):
    registry = Registry((card(name, "a"), card(name + ",2", "a"), card("a", "a"), card("b", "a")), ())
    seen = View("a", (name, name + ",2"), name + ",2")
    assert view.read(dict(parse_qsl(urlencode(seen.query()))), registry) == seen


def test_an_address_is_short_whatever_is_looked_at():
    code = tuple(-1.234e-05 * (i + 1) for i in range(64))
    lasso = tuple((-12.34, -0.1234) for _ in range(view.MAX_CORNERS))
    names = tuple(f"fashion_mnist-beta-vae-{i}" for i in range(view.MAX_MODELS))
    seen = View("a", names, names[1], "im12345-23456-34567", code, True, "sample", "density", lasso=lasso, run="r" * 36)
    assert len("http://localhost:8501/latent_grid?" + urlencode(seen.query())) <= 1500


FIELDS = (
    "v", "data", "models", "lead", "plane", "z", "same", "look", "heat", "map", "colour", "picked", "lasso", "row", "seed",
    "ends", "path", "run", "class",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=30)))
def test_any_url_gives_a_view_that_exists(query):
    seen = view.read(query, REGISTRY)
    assert seen.lead in seen.models and set(seen.models) <= {c.name for c in REGISTRY.of(seen.data)}


@pytest.mark.parametrize("z", ["", "1", "1,2,3", "nan,1", "inf,0", "1e9,0", "a,b"])
def test_a_code_that_is_none(z):
    assert view.read({"models": "a-ae", "z": z}, REGISTRY).z == ()


@pytest.mark.parametrize("plane", ["", "1", "0-0", "0-5", "-1-2", "0-1-2", "x-1", "²-1"])
def test_a_plane_that_is_none(plane):
    assert view.read({"models": "a-5", "plane": plane}, REGISTRY).plane == ""


def test_two_dimensions_have_no_plane_of_components():
    assert view.read({"models": "a-vae", "plane": "pc"}, REGISTRY).plane == ""


def test_models_of_other_data_and_a_fifth_are_left_out():
    assert view.read({"models": "b-vae,a-7,a-6,a-ae,a-5,a-vae"}, REGISTRY).models == ("a-vae", "a-ae", "a-5", "a-6")


def test_a_data_set_alone_gives_its_first_model():
    assert view.read({"data": "b"}, REGISTRY) == View("b", ("b-vae",), "b-vae")


def test_a_url_of_another_version_gives_the_first_view():
    assert view.read({"v": "3", "models": "b-vae"}, REGISTRY) == View("a", ("a-vae",), "a-vae")


def test_choosing_more_models_leaves_the_place():
    seen = View("a", ("a-vae",), "a-vae", "0-1", (1.0, 2.0))
    more = view.with_models(seen, REGISTRY, "a", ("a-5", "a-vae"))
    assert more == View("a", ("a-vae", "a-5"), "a-vae", "0-1", (1.0, 2.0))


def test_without_its_lead_a_view_begins_anew():
    seen = View("a", ("a-vae", "a-5"), "a-vae", "0-1", (1.0, 2.0))
    assert view.with_models(seen, REGISTRY, "a", ("a-5",)) == View("a", ("a-5",), "a-5")


@pytest.mark.parametrize("name, chosen", [("a-c", "10"), ("a-vae", "0"), ("a-c", "x")])
def test_a_class_that_no_shown_model_has_is_left_out(name, chosen):
    assert view.read({"models": name, "class": chosen}, REGISTRY).condition is None

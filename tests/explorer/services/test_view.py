"""A view survives its URL; a wrong URL gives the nearest view that exists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.services import view
from explorer.services.models import Card, Shelf
from explorer.services.view import View
from vae_core.zoo import model_config


def card(name: str, data: str, kind: str = "vae") -> Card:
    return Card(name, data, data.title(), "", kind, model_config(kind, (1, 28, 28), 2), kind, {})


SHELF = Shelf((card("a-vae", "a"), card("a-ae", "a", "ae"), card("b-vae", "b")), ())


@pytest.mark.parametrize("name", ["a-vae", "a-ae", "b-vae"])
@pytest.mark.parametrize("point", [None, (0.5, -1.25), (-3.0, 1000.0)])
def test_survives_its_url(name, point):
    seen = View(name[0], name, point)
    assert view.read(seen.query(), SHELF) == seen


@given(st.dictionaries(st.sampled_from(["v", "data", "model", "at", "x"]), st.text(max_size=30)))
def test_any_url_gives_a_view_that_exists(query):
    seen = view.read(query, SHELF)
    assert seen.model in [c.name for c in SHELF.of(seen.data)]


@pytest.mark.parametrize("at", ["", "1", "1,2,3", "nan,1", "inf,0", "1e9,0", "a,b"])
def test_a_point_that_is_none(at):
    assert view.read({"model": "a-ae", "at": at}, SHELF).point is None


def test_a_data_set_alone_gives_its_first_model():
    assert view.read({"data": "b"}, SHELF) == View("b", "b-vae")


def test_a_url_of_another_version_gives_the_first_view():
    assert view.read({"v": "2", "model": "b-vae"}, SHELF) == View("a", "a-vae")

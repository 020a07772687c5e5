"""Text from a file is shown and not obeyed."""

import re

from hypothesis import given
from hypothesis import strategies as st

from explorer.services.text import counted, distinct, key_of, plain

MARKS = "\\`*_{}[]()<>#+!|~$:&=-"


@given(st.text(alphabet=st.sampled_from(MARKS + "ab 1,")))
def test_every_mark_is_escaped_once_and_nothing_else_is_changed(text):
    assert re.fullmatch(r"(?:\\[" + re.escape(MARKS) + r"]|[ab 1,])*", plain(text))
    assert re.sub(r"\\(.)", r"\1", plain(text)) == text


def test_links_pictures_and_formulas():
    assert plain("![x](http://a/t.png)") == "\\!\\[x\\]\\(http\\://a/t.png\\)"
    assert plain(":red[x] $y$") == "\\:red\\[x\\] \\$y\\$"


def test_one_is_singular():
    assert [counted(n, "image") for n in (0, 1, 2, 1200)] == ["0 images", "1 image", "2 images", "1,200 images"]


@given(st.text(), st.text())
def test_a_key_holds_nothing_of_a_name_and_tells_names_apart(one, other):
    assert re.fullmatch("pad-[0-9a-f]{16}", key_of("pad", one, other))
    assert (key_of("pad", one) == key_of("pad", other)) == (one == other)
    assert key_of("pad", one, other) != key_of("pad", one + other)


def test_labels_that_are_shared_are_told_apart():
    labels = {"run-one": "x", "run-two": "x", "run-three": "y"}
    assert distinct(labels) == {"run-one": "x (run-one)", "run-two": "x (run-two)", "run-three": "y"}

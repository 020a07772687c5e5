"""Text from a file is shown and not obeyed."""

import re

from hypothesis import given
from hypothesis import strategies as st

from explorer.services.text import counted, escaped, unique_labels, widget_key

MARKS = "\\`*_{}[]()<>#+!|~$:&=-"


@given(st.text(alphabet=st.sampled_from(MARKS + "ab 1,")))
def test_every_mark_is_escaped_once_and_nothing_else_is_changed(text):
    assert re.fullmatch(r"(?:\\[" + re.escape(MARKS) + r"]|[ab 1,])*", escaped(text))
    assert re.sub(r"\\(.)", r"\1", escaped(text)) == text


def test_links_pictures_and_formulas():
    assert escaped("![x](http://a/t.png)") == "\\!\\[x\\]\\(http\\://a/t.png\\)"
    assert escaped(":red[x] $y$") == "\\:red\\[x\\] \\$y\\$"


def test_one_is_singular():
    assert [counted(n, "image") for n in (0, 1, 2, 1200)] == ["0 images", "1 image", "2 images", "1,200 images"]


@given(st.text(), st.text())
def test_a_key_holds_nothing_of_a_name_and_tells_names_apart(one, other):
    assert re.fullmatch("pad-[0-9a-f]{16}", widget_key("pad", one, other))
    assert (widget_key("pad", one) == widget_key("pad", other)) == (one == other)
    assert widget_key("pad", one, other) != widget_key("pad", one + other)


def test_labels_that_are_shared_are_told_apart():
    labels = {"run-one": "x", "run-two": "x", "run-three": "y"}
    assert unique_labels(labels) == {"run-one": "x (run-one)", "run-two": "x (run-two)", "run-three": "y"}

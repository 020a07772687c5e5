"""What is said of a decoded observation, and how large it is drawn."""

from __future__ import annotations

SAID = "const p = it.painterOf(about); return [p.noun, p.size, p.text(Float32Array.from(values)), p.ink, p.faint.ink];"


def test_a_text_is_read_up_to_its_end(evaluate):
    about = {"image": [1, 1, 4], "characters": ["a", "b"], "smooth": True}
    found = evaluate("base/painters.js", f"{{ {SAID} }}", about=about, values=[2, 1, 0, 1])
    assert found == ["text", 4, "ba", True, True]
    assert evaluate("base/painters.js", f"{{ {SAID} }}", about=about, values=[2, 1, 1, 2])[2] == "baab"


def test_grey_images_are_ink_in_the_background_alone(evaluate):
    found = evaluate("base/painters.js", f"{{ {SAID} }}", about={"image": [1, 2, 2], "smooth": False}, values=[0, 1, 1, 0])
    assert found == ["image", 4, "", False, True]
    assert evaluate("base/painters.js", f"{{ {SAID} }}", about={"image": [3, 2, 2], "smooth": True}, values=[0])[4] is False

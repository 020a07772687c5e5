"""The pad's Python face: what it refuses, and the bytes it sends."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from explorer.components.latent_pad import PadData, assets
from explorer.components.packing import pack
from explorer.components.tokens import tokens


def data(**changes) -> PadData:
    return PadData(
        **{
            "program": b"program",
            "latent": 3,
            "image": (1, 28, 28),
            "origin": np.zeros(3),
            "u": np.array([1.0, 0, 0]),
            "v": np.array([0, 1.0, 0]),
            "extent": (-3, 3, -2, 2),
            "points": np.array([[0.5, 1], [2, -1]]),
            "labels": np.array([1, 0]),
            "classes": ["a", "b"],
            **changes,
        }
    )


def unpacked(payload: bytes) -> tuple[dict, dict[str, bytes]]:
    magic, version, length = struct.unpack("<4sII", payload[:12])
    assert (magic, version) == (b"LXPK", 1)
    header = json.loads(payload[12 : 12 + length])
    start = -(-(12 + length) // 16) * 16
    sections = {name: payload[start + at : start + at + size] for name, (at, size) in header["sections"].items()}
    assert all(at % 16 == 0 for at, _ in header["sections"].values())
    return header["about"], sections


def test_payload_holds_everything() -> None:
    about, sections = unpacked(data(start=(0.5, -0.5), smooth=True).to_bytes())
    assert about["start"] == [0.5, -0.5]
    assert about["smooth"] is True
    assert sections["program"] == b"program"
    np.testing.assert_array_equal(np.frombuffer(sections["plane"], "<f4").reshape(3, 3)[1], [1, 0, 0])
    np.testing.assert_array_equal(np.frombuffer(sections["points"], "<f4"), [0.5, 1, 2, -1])
    assert sections["labels"] == b"\x01\x00"


def test_points_and_labels_can_be_left_out() -> None:
    _, sections = unpacked(data(points=np.zeros((0, 2)), labels=None, classes=()).to_bytes())
    assert sections["points"] == b""
    assert "labels" not in sections


@pytest.mark.parametrize(
    "change",
    [
        {"origin": np.zeros(2)},
        {"extent": (1, 1, 0, 2)},
        {"points": np.zeros((4, 3))},
        {"labels": np.zeros(3, int)},
        {"labels": np.array([0, 2])},
        {"classes": ()},
        {"marker": "star"},
    ],
)
def test_wrong_data_is_refused_by_name(change: dict) -> None:
    (name,) = change
    with pytest.raises(ValueError, match=f"PadData.{name}"):
        data(**change)


def test_sections_are_aligned_whatever_comes_before_them() -> None:
    for length in range(20):
        _, sections = unpacked(pack({"text": "é" * length}, {"a": b"x" * length, "b": b"y" * 5}))
        assert sections == {"a": b"x" * length, "b": b"y" * 5}


def test_assets_are_one_self_contained_module() -> None:
    html, css, js = assets()
    assert 'class="pad"' in html
    assert "@container" in css
    assert js.count("export default") == 1
    assert "\nimport " not in js
    # Streamlit takes a string without line breaks for a path.
    assert all("\n" in text for text in (html, css, js))
    assert "http" not in js.replace("http://www.w3.org/2000/svg", "")


def test_tokens() -> None:
    assert len(tokens()["classes"]["light"]) == len(tokens()["classes"]["dark"]) == 10
    assert len({model["colour"] for model in tokens()["models"].values()}) == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_model_colours_can_be_told_from_the_ground(scheme: str) -> None:
    ground = {"light": "#ffffff", "dark": "#14181d"}[scheme]
    for model in tokens()["models"].values():
        assert contrast(model["colour"], ground) >= 3


def contrast(a: str, b: str) -> float:
    """WCAG 2.1, relative luminance and contrast ratio."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)

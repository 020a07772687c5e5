"""The pad's Python face: what it refuses, and the bytes it sends."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.numpy

from explorer.components.latent_pad import PadData, PadModel, PadState
from explorer.components.message import read_about
from explorer.design_tokens import design_tokens


def model(**changes) -> PadModel:
    return PadModel(
        **{
            "name": "vae",
            "title": "VAE",
            "program": b"program",
            "latent": 3,
            "codes": np.array([[0.5, 1, 0], [2, -1, 0]]),
            "order": [2, 0, 1],
            "dimensions": ["z1", "z2", "z3"],
            "principal": np.eye(3),
            "explained": (0.5, 0.25),
            **changes,
        }
    )


def data(**changes) -> PadData:
    given = {"models": [model()], "image": (1, 2, 2), "labels": np.array([1, 0]), "classes": ["a", "b"]}
    return PadData(**{**given, **changes})


def read(payload: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    return read_about(payload), safetensors.numpy.load(payload)


def test_payload_holds_everything() -> None:
    start = PadState("vae", "0-1", (0.5, -0.5, 0.0), True, "sample", "prior")
    originals = np.arange(4, dtype=np.uint8).reshape(1, 1, 2, 2)
    whole = model(scales=np.full((2, 3), 0.5), unused=[2], fitted=np.eye(4, 3))
    about, tensors = read(data(models=[whole], start=start, smooth=True, originals=originals).to_bytes())
    assert about["start"] == {
        "lead": "vae",
        "plane": "0-1",
        "z": [0.5, -0.5, 0.0],
        "same": True,
        "display": "sample",
        "overlay": "prior",
        "condition": None,
        "path": None,
    }
    assert about["smooth"] is True
    assert about["models"][0]["order"] == [2, 0, 1]
    assert tensors["program0"].tobytes() == b"program"
    np.testing.assert_array_equal(tensors["principal0"][1], [0, 1, 0])
    np.testing.assert_array_equal(tensors["codes0"], np.float32([[0.5, 1, 0], [2, -1, 0]]), strict=True)
    np.testing.assert_array_equal(tensors["scales0"], np.full((2, 3), 0.5, np.float16), strict=True)
    np.testing.assert_array_equal(tensors["fitted0"], np.eye(4, 3, dtype=np.float32), strict=True)
    assert about["models"][0]["unused"] == [2]
    np.testing.assert_array_equal(tensors["labels"], np.uint16([1, 0]), strict=True)
    np.testing.assert_array_equal(tensors["originals"], originals, strict=True)


def test_labels_are_of_thousands_of_classes() -> None:
    names = [f"class {i}" for i in range(20_000)]
    _, tensors = read(data(labels=np.array([19_999, 300]), classes=names).to_bytes())
    np.testing.assert_array_equal(tensors["labels"], np.uint16([19_999, 300]), strict=True)


def test_codes_labels_and_originals_can_be_left_out() -> None:
    _, tensors = read(data(models=[model(codes=np.zeros((0, 3)))], labels=None, classes=()).to_bytes())
    assert tensors["codes0"].shape == (0, 3)
    assert "labels" not in tensors and "originals" not in tensors


@pytest.mark.parametrize(
    "change",
    [
        {"models": []},
        {"models": [model()] * 5},
        {"models": [model(), model()]},
        {"models": [model(), model(name="b", codes=np.zeros((3, 3)))]},
        {"labels": np.zeros(3, int)},
        {"labels": np.array([0, 2])},
        {"classes": ()},
        {"originals": np.zeros((1, 1, 2, 3), np.uint8)},
        {"originals": np.zeros((1, 1, 2, 2))},
        {"originals": np.zeros((3, 1, 2, 2), np.uint8)},
    ],
)
def test_wrong_data_is_refused_by_name(change: dict) -> None:
    (name,) = change
    with pytest.raises(ValueError, match=f"^{name} is not"):
        data(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"codes": np.zeros((4, 2))},
        {"order": [0, 1, 1]},
        {"dimensions": ["z1"]},
        {"principal": np.eye(2)},
        {"marker": "moon"},
    ],
)
def test_a_wrong_model_is_refused_by_name(change: dict) -> None:
    (name,) = change
    with pytest.raises(ValueError, match=f"^{name} is not"):
        model(**change)


def test_design_tokens() -> None:
    assert len(design_tokens()["classes"]["light"]) == len(design_tokens()["classes"]["dark"]) == 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_model_colours_can_be_told_from_the_ground(scheme: str) -> None:
    ground = {"light": "#ffffff", "dark": "#14181d"}[scheme]
    for model in design_tokens()["models"].values():
        assert contrast(model["colour"], ground) >= 3


def contrast(a: str, b: str) -> float:
    """WCAG 2.1, relative luminance and contrast ratio."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)

"""Pictures of any kind on their way to a model: what comes out has its shape, what cannot be used is refused with a reason."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_files import shaded_three
from PIL import Image

import vae_core
from vae_core import load_dataset
from vae_core.data import preparation
from vae_core.data.preparation import FRAMES, Preparation, decoded, prepared, suggested, usual
from vae_core.data.untrusted import RefusedError


def file_of(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def drawing(width: int = 90, height: int = 60, mode: str = "L") -> Image.Image:
    """A light bar, off the middle, on a dark ground."""
    x = np.zeros((height, width), np.uint8)
    x[10:40, 20:30] = 250
    return Image.fromarray(x).convert(mode)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_every_format_is_decoded(kind, mode):
    found = np.asarray(decoded(file_of(drawing(mode=mode), kind)).convert("L"))
    assert np.abs(found.astype(int) - np.asarray(drawing())).mean() < 4


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_is_decoded(mode):
    picture = Image.fromarray(np.asarray(drawing()).astype(np.uint16) * 257) if mode == "I;16" else drawing().convert(mode)
    found = np.asarray(decoded(file_of(picture)).convert("L"))
    assert np.abs(found.astype(int) - np.asarray(drawing())).mean() < 4


def test_a_turned_photograph_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    found = decoded(file_of(drawing(), "JPEG", exif=exif))
    assert found.size == (60, 90)


def test_a_large_picture_is_kept_small():
    assert min(decoded(file_of(Image.new("L", (3000, 2000), 9))).size) == 512


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("image", [(1, 28, 28), (3, 64, 64), (1, 28, 20), (3, 8, 16)])
@pytest.mark.parametrize("size", [(90, 60), (3, 70), (1, 1), (28, 28)])
def test_the_outcome_has_the_models_shape(frame, image, size):
    picture = Image.new("RGB", size, (200, 10, 10))
    picture.putpixel((0, 0), (0, 0, 0))
    try:
        x = prepared(picture, image, Preparation(frame))
    except RefusedError:
        assert frame == "centre" and size == (1, 1)
        return
    assert x.shape == image and x.dtype == np.uint8


def test_crop_takes_the_middle_and_fit_takes_all():
    x = np.zeros((20, 60), np.uint8)
    x[:, 20:40] = 255
    cropped = prepared(Image.fromarray(x), (1, 20, 20), Preparation("crop"))
    assert (cropped == 255).all()
    fitted = prepared(Image.fromarray(x), (1, 60, 60), Preparation("fit"))[0]
    np.testing.assert_array_equal(fitted[20:40], x)
    assert not fitted[:20].any() and not fitted[40:].any()


def test_invert_turns_light_to_dark():
    plain = prepared(drawing(), (1, 20, 20), Preparation("crop"))
    np.testing.assert_allclose(prepared(drawing(), (1, 20, 20), Preparation("crop", True)), 255 - plain.astype(int), atol=1)


def test_centre_finds_the_drawing_wherever_it_is():
    how = Preparation("centre", box=0.5, middle=(0.5, 0.5))
    x = prepared(drawing(), (1, 40, 40), how)[0].astype(float)
    rows, columns = np.flatnonzero(x.any(1)), np.flatnonzero(x.any(0))
    assert (rows[0], rows[-1]) == (10, 29) and 5 <= len(columns) <= 9
    assert abs((x.sum(0) * np.arange(40)).sum() / x.sum() - 19.5) <= 0.6
    moved = Image.fromarray(np.roll(np.asarray(drawing()), (15, -10), (0, 1)))
    np.testing.assert_array_equal(prepared(moved, (1, 40, 40), how)[0], x)


def test_an_empty_drawing_is_refused():
    with pytest.raises(RefusedError, match="nothing is drawn"):
        prepared(Image.new("L", (30, 30), 255), (1, 28, 28), Preparation("centre"))


@pytest.mark.parametrize("light", [(235, 150, 60), (150, 235, 60), (200, 190, 120), (250, 120, 30)])
def test_a_digit_on_shaded_paper_comes_out_bright_on_black_and_is_rebuilt_as_it_is(light):
    how = usual(load_dataset("mnist5k").test.x[:500].numpy())
    picture = decoded(file_of(shaded_three(*light), "JPEG"))
    x = prepared(picture, (1, 28, 28), suggested(picture, how))
    frame = np.concatenate([x[0, :2].ravel(), x[0, -2:].ravel(), x[0, :, :4].ravel(), x[0, :, -4:].ravel()])
    assert x.max() > 220 and frame.max() == 0 and np.median(x) == 0
    rebuilt = vae_core.load("mnist-vae-16").model.reconstruct(x[None])[0].numpy()
    assert np.corrcoef(rebuilt.ravel(), x.ravel())[0, 1] > 0.9


def test_a_filled_shape_that_is_wider_than_strokes_stays_whole():
    picture = Image.new("L", (60, 60), 60)
    picture.paste(240, (10, 10, 50, 50))
    x = prepared(picture, (1, 28, 28), Preparation("centre"))
    assert (x[0, 8:20, 8:20] > 100).all()


def test_a_digit_written_large_and_dark_on_light_comes_out_as_in_mnist():
    """MNIST's own digits, enlarged eight times, inverted and put off the middle, are found again."""
    x = load_dataset("mnist5k").test.x[:100].numpy()
    how = usual(x)
    assert how.frame == "centre" and how.box == pytest.approx(20 / 28)
    errors = []
    for image in x[:, 0]:
        page = np.full((400, 300), 255, np.uint8)
        page[100:324, 40:264] = 255 - np.kron(image, np.ones((8, 8), np.uint8))
        picture = decoded(file_of(Image.fromarray(page)))
        found = prepared(picture, (1, 28, 28), suggested(picture, how))
        errors.append(((found[0] / 255.0 - image / 255.0) ** 2).mean())
    # Their variance is 0.09; to be moved by one pixel costs 0.04.
    assert np.mean(np.array(errors) < 0.003) > 0.95


def test_what_is_usual_for_pictures_that_fill_their_frame_is_to_crop():
    noise = np.random.default_rng(0).random((50, 1, 20, 20))
    assert usual(noise).frame == "crop"
    assert usual(np.repeat(noise, 3, 1)).frame == "crop"
    assert usual(np.zeros((5, 1, 20, 20))).frame == "crop"


def test_only_marks_on_a_dark_ground_are_inverted():
    light = Image.fromarray(255 - np.asarray(drawing()))
    assert suggested(light, Preparation("centre")).invert
    assert not suggested(drawing(), Preparation("centre")).invert
    assert not suggested(light, Preparation("crop")).invert


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not a PNG"),
        (b"%PDF-1.7 and so on", "not a PNG"),
        (b"\x80\x04\x95\x00\x00cos\nsystem\n", "not a PNG"),
        (b"\x89PNG\r\n\x1a\n", "cannot be decoded"),
        (file_of(drawing())[:60], "cannot be decoded"),
    ],
)
def test_what_is_no_picture_is_refused(content, reason):
    with pytest.raises(RefusedError, match=reason):
        decoded(content)


def test_too_many_pixels_are_refused_before_they_are_decoded(monkeypatch):
    monkeypatch.setattr(preparation, "LIMITS", replace(preparation.LIMITS, pixels=1000))
    with pytest.raises(RefusedError, match="90x60 pixels, which take 21,600 bytes to decode, more than 4,000"):
        decoded(file_of(drawing()))
    monkeypatch.setattr(preparation, "LIMITS", replace(preparation.LIMITS, file_bytes=20))
    with pytest.raises(RefusedError, match="larger than 20 bytes"):
        decoded(file_of(drawing()))


FILES = [file_of(drawing(), kind) for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF")]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FILES), st.data())
def test_damaged_files_are_refused_or_decoded_and_nothing_else(content, data):
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    try:
        picture = decoded(damaged)
        for frame in FRAMES:
            assert prepared(picture, (1, 12, 12), Preparation(frame)).shape == (1, 12, 12)
    except RefusedError as error:
        assert str(error)


def test_it_comes_back_from_json():
    how = Preparation("centre", invert=True, box=0.75, middle=(0.4, 1.0))
    assert Preparation.from_json(json.loads(json.dumps(asdict(how)))) == how

"""Pictures of every depth come out in eight bits as they are meant: ramps stay ramps, dark stays dark, clear stays clear."""

from __future__ import annotations

import struct

import image_files as files
import numpy as np
import pytest
from image_files import ramp, wide
from PIL import Image

from vae_core.data.eight_bits import reduced, significant_bits
from vae_core.data.preparation import decoded
from vae_core.data.untrusted import RefusedError

GREY, RGB, GREY_ALPHA, RGBA = 0, 2, 4, 6


def of(content: bytes) -> np.ndarray:
    return np.asarray(decoded(content).convert("L")).astype(int)


FULL = np.tile(np.linspace(0, 255, 64), (64, 1))


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_a_ramp_of_any_depth_in_16_bits_goes_from_black_to_white(bits):
    found = of(wide(ramp(2**bits - 1)))
    assert np.abs(found - FULL).max() <= 1
    assert (found.min(), found.max()) == (0, 255)


@pytest.mark.parametrize("key", [0, 65535, 12345])
def test_a_transparent_grey_of_16_bits_is_that_grey_alone(key):
    x = ramp(65535)
    x[5, 20:40] = key
    with_key = wide(x, GREY, files.chunk(b"tRNS", struct.pack(">H", key)))
    picture = Image.open(files.io.BytesIO(with_key))
    clear = np.asarray(reduced(picture, (0, 0, 64, 64), 1, 16).getchannel("A"))
    np.testing.assert_array_equal(clear == 0, x == key)
    assert 120 < of(with_key).mean() < 135


@pytest.mark.parametrize(
    ("x", "bits"),
    [
        (ramp(20_000), 16),
        (ramp(13_000), 16),  # would be 14 bits, of which the upper fifth is missing
        (np.where(ramp(1000) == 1000, 65535, ramp(1000)), 16),  # one bright column
        (ramp(14) * 257, 16),  # 8 bits, widened
        (ramp(14) << 8, 16),
        (ramp(0), 16),
        (ramp(3000), 12),
        (ramp(700), 10),
        (ramp(90), 8),
        (ramp(16_000), 14),
    ],
)
def test_dark_pictures_stay_dark_where_they_use_their_range(x, bits):
    assert significant_bits(Image.fromarray(x.astype(np.uint16))) == bits
    assert np.abs(of(wide(x)) - (x >> (bits - 8))).max() <= 0


def test_the_depth_is_told_from_all_bands(monkeypatch):
    monkeypatch.setattr("vae_core.data.eight_bits._BAND", 128)
    x = ramp(4095)
    x[-1, -1] = 65535
    assert significant_bits(Image.fromarray(x)) == 16
    assert significant_bits(Image.fromarray(x[:-1])) == 12


def test_16_bit_colours_keep_their_upper_byte_and_their_transparent_colour():
    x = np.stack([ramp(65535), ramp(65535).T, ramp(30_000)], -1)
    found = np.asarray(decoded(wide(x, RGB)))
    np.testing.assert_array_equal(found, x >> 8)
    x[8:24, 8:24] = (0x1234, 0x5678, 0x9ABC)
    keyed = Image.open(files.io.BytesIO(wide(x, RGB, files.chunk(b"tRNS", struct.pack(">HHH", 0x1234, 0x5678, 0x9ABC)))))
    keyed.load()
    clear = np.asarray(reduced(keyed, (0, 0, 64, 64), 1, 16).getchannel("A")) == 0
    expected = np.zeros((64, 64), bool)
    expected[8:24, 8:24] = True
    np.testing.assert_array_equal(clear, expected)


@pytest.mark.parametrize("colours", [RGB, GREY_ALPHA, RGBA])
def test_16_bit_colours_that_8_bits_cannot_tell_apart_are_refused(colours):
    samples = {RGB: 3, GREY_ALPHA: 2, RGBA: 4}[colours]
    x = np.stack([ramp(4095)] * samples, -1)
    if colours != RGB:
        x[..., -1] = 65535
    with pytest.raises(RefusedError, match="less than a sixteenth of their range; save it with 8 bits"):
        decoded(wide(x, colours))
    x[3, 3, 0] = 65535
    assert of(wide(x, colours)).max() > 60


@pytest.mark.parametrize(("bits", "key"), [(1, 0), (1, 1), (2, 1), (2, 3), (4, 0), (4, 9), (4, 15), (8, 200)])
def test_a_transparent_grey_of_few_bits_is_that_grey_alone(bits, key):
    levels = np.arange(2**bits).repeat(16)[None].repeat(4, 0)
    packed = np.packbits(((levels[..., None] >> np.arange(bits)[::-1]) & 1).astype(np.uint8).reshape(4, -1), axis=1)
    file = files.png(levels.shape[1], 4, bits, GREY, packed.tobytes(), files.chunk(b"tRNS", struct.pack(">H", key)))
    picture = Image.open(files.io.BytesIO(file))
    picture.load()
    found = reduced(picture, (0, 0, *picture.size), 1, bits)
    np.testing.assert_array_equal(np.asarray(found.getchannel("A")) == 0, levels == key)
    np.testing.assert_array_equal(np.asarray(found.getchannel("R")), levels * (255 // (2**bits - 1)))


def test_a_palette_with_an_alpha_for_each_colour():
    picture = Image.new("P", (20, 10), 0)
    picture.putpalette([200, 0, 0, 0, 0, 90, 5, 5, 5])
    picture.paste(1, (0, 0, 10, 10))
    found = np.asarray(decoded(files.saved(picture, "PNG", transparency=b"\x00\xff\x80")))
    assert (found[:, :10] == (0, 0, 90)).all()
    assert (found[:, 10:] == 255).all(), "dark colours are laid over white"


def of_colours(index: int) -> Image.Image:
    picture = Image.new("P", (9, 9), index)
    picture.putpalette(bytes(range(30)))
    return picture


CLEAR = [
    files.saved(Image.new("RGBA", (9, 9), (200, 10, 10, 0))),
    files.saved(Image.new("RGBA", (9, 9), (200, 10, 10, 0)), "WEBP", lossless=True, exact=True),
    files.saved(Image.new("LA", (9, 9), (200, 0))),
    files.saved(of_colours(3), "PNG", transparency=3),
    files.saved(of_colours(3), "PNG", transparency=bytes(4)),
    files.saved(of_colours(3), "GIF", transparency=3),
    files.saved(Image.new("L", (9, 9), 3), "PNG", transparency=3),
    files.saved(Image.new("1", (9, 9), 1), "PNG", transparency=255),
    files.saved(Image.new("RGB", (9, 9), (3, 4, 5)), "PNG", transparency=(3, 4, 5)),
    files.png(8, 8, 16, GREY, bytes(128), files.chunk(b"tRNS", b"\0\0")),
    files.png(8, 8, 2, GREY, bytes([0xFF] * 16), files.chunk(b"tRNS", b"\0\3")),
    files.png(2, 2, 16, RGBA, b"\xff\xff\0\0\x80\0\0\0" * 4),
]


@pytest.mark.parametrize("content", CLEAR)
def test_what_is_transparent_all_over_is_refused(content):
    with pytest.raises(RefusedError, match="all that would be used of it is transparent"):
        decoded(content)


def test_what_is_faint_all_over_is_not():
    assert np.asarray(decoded(files.saved(Image.new("RGBA", (9, 9), (250, 250, 250, 90))))).mean() == pytest.approx(88, abs=2)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "LA", "RGBA", "La", "RGBa", "PA", "I", "I;16", "I;16B", "F"])
def test_bands_and_means_are_those_of_the_whole(mode, monkeypatch):
    x = (np.random.default_rng(0).random((45, 31)) * 255).astype(np.uint8)
    grey = Image.fromarray(x)
    if mode == "I;16B":
        picture = Image.frombytes("I;16B", grey.size, (x.astype(">u2") * 257).tobytes())
    elif mode.startswith("I"):
        picture = Image.fromarray(x.astype(np.uint16) * 257).convert(mode)
    elif mode == "PA":
        picture = grey.convert("P").convert("PA")
    elif mode in ("La", "RGBa"):
        picture = grey.convert(mode.upper()).convert(mode)
    else:
        picture = grey.convert(mode)
    once = reduced(picture, (2, 3, 30, 44), 4, 8)
    assert once.size == (7, 11)
    assert once.mode == ("RGBA" if mode[-1] in "Aa" else "RGB" if mode in ("P", "RGB", "CMYK") else "L")
    monkeypatch.setattr("vae_core.data.eight_bits._BAND", 30)
    np.testing.assert_array_equal(np.asarray(reduced(picture, (2, 3, 30, 44), 4, 8)), np.asarray(once))
    if mode not in ("1", "CMYK", "P", "PA"):
        means = x[3:43, 2:30].reshape(10, 4, 7, 4).mean((1, 3))
        np.testing.assert_allclose(np.asarray(once.convert("L"))[:10], means, atol=1.01)

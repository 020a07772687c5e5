"""The orientation of a photograph is the one that Pillow reads, from whatever place it is kept in."""

from __future__ import annotations

import struct
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vae_core.data.orientation import orientation


def exif_of(value: int, before: int = 0) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = value
    for tag in range(0x0100, 0x0100 + before):
        exif[tag] = 7
    exif[0x010F] = "a maker of cameras"
    return exif.tobytes()


def pillows(info: dict) -> int | None:
    picture = Image.new("L", (1, 1))
    picture.info = info
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return picture.getexif().get(0x0112)


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("before", [0, 5])
def test_it_is_the_one_in_exif(value, before):
    info = {"exif": exif_of(value, before)}
    assert orientation(info) == pillows(info) == value


def test_big_endian_long_and_doubly_headed():
    big = b"MM\0*" + struct.pack(">IH", 8, 1)
    for tiff in (big + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0), big + struct.pack(">HHII", 0x0112, 4, 1, 6)):
        for head in (b"", b"Exif\0\0", b"Exif\0\0Exif\0\0"):
            info = {"exif": head + tiff + bytes(4)}
            assert orientation(info) == pillows(info) == 6


@pytest.mark.parametrize(
    "info",
    [
        {"xmp": b'<x tiff:Orientation="8"/>'},
        {"xmp": b"<tiff:Orientation>8</tiff:Orientation>"},
        {"XML:com.adobe.xmp": '<x tiff:Orientation="8"/>'},
        {"exif": exif_of(8), "xmp": b'<x tiff:Orientation="3"/>'},
        {"exif": b"", "xmp": b'<x tiff:Orientation="8"/>'},
        {"Raw profile type exif": "\nexif\n  99\n" + exif_of(8).hex() + "\n"},
    ],
)
def test_it_is_found_where_pillow_finds_it(info):
    assert orientation(info) == pillows(info) == 8


@pytest.mark.parametrize(
    "info",
    [
        {},
        {"exif": b"Exif\0\0"},
        {"exif": b"Exif\0\0II*\0\xff\xff\xff\xff"},
        {"exif": exif_of(0)},
        {"exif": exif_of(9)},
        {"exif": "no bytes"},
        {"Raw profile type exif": "\n\n\nno digits"},
        {"xmp": b'<x tiff:Orientation="0"/>'},
    ],
)
def test_there_may_be_none(info):
    assert orientation(info) is None


@given(st.binary(max_size=80), st.sampled_from([b"", b"II*\0", b"MM\0*", b"II*\0\x08\0\0\0"]))
def test_any_bytes_give_an_orientation_or_none(body, head):
    assert orientation({"exif": head + body, "xmp": body}) in (None, *range(1, 9))

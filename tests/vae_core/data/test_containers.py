"""What a file's container says: the right size for every format, and a refusal of what would hold a decoder for long."""

from __future__ import annotations

import io
import random
import struct
import zlib

import image_files as files
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vae_core.data import containers
from vae_core.data.containers import METADATA, STARTS, SUFFIXES, structure, trimmed
from vae_core.data.preparation import decoded
from vae_core.data.untrusted import RefusedError

PICTURE = Image.radial_gradient("L").resize((70, 50)).convert("RGB")
GRID = Image.effect_noise((90, 70), 60)
FILES = {
    "png": files.saved(PICTURE),
    "png-grey16": files.saved(Image.new("I;16", (31, 17), 900)),
    "jpeg": files.saved(PICTURE, "JPEG"),
    "jpeg-progressive": files.saved(PICTURE, "JPEG", progressive=True),
    "webp": files.saved(PICTURE, "WEBP"),
    "webp-lossless": files.saved(PICTURE, "WEBP", lossless=True),
    "webp-extended": files.saved(PICTURE, "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0", xmp=b"<x/>"),
    "webp-animated": files.saved(PICTURE, "WEBP", save_all=True, append_images=[Image.new("RGB", PICTURE.size)]),
    "bmp": files.saved(PICTURE, "BMP"),
    "bmp-palette": files.saved(PICTURE.quantize(9), "BMP"),
    "bmp-run-length": files.run_length_bmp(20, 10, b"\x14\5\0\0" * 10 + b"\0\1"),
    "gif": files.saved(GRID, "GIF"),
    "gif-animated": files.saved(GRID, "GIF", save_all=True, append_images=[GRID.rotate(90)], comment=b"two"),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_the_size_is_the_one_that_is_decoded(content):
    with Image.open(io.BytesIO(content)) as picture:
        found = structure(content)
        assert (found.kind, found.width, found.height) == (picture.format, *picture.size)
    assert trimmed(content, found) is content


def test_an_old_bmp_and_one_from_the_top():
    old = b"BM" + struct.pack("<IHHI", 0, 0, 0, 26) + struct.pack("<IHHHH", 12, 7, 5, 1, 24) + bytes(24 * 5)
    turned = bytearray(FILES["bmp"])
    turned[22:26] = struct.pack("<i", -50)
    for content in (old, bytes(turned)):
        with Image.open(io.BytesIO(content)) as picture:
            found = structure(content)
            assert (found.width, found.height) == picture.size


def test_a_first_frame_that_is_larger_than_the_screen_of_a_gif_counts():
    gif = bytearray(FILES["gif"])
    gif[6:10] = struct.pack("<HH", 3, 4)
    found = structure(bytes(gif))
    assert (found.width, found.height) == (90, 70)


@pytest.mark.parametrize(("kind", "suffixes"), SUFFIXES.items())
def test_every_format_is_known_by_its_start(kind, suffixes):
    assert STARTS.match(files.saved(PICTURE, kind)).lastgroup == kind
    pillows = {ending.removeprefix(".") for ending, known in Image.registered_extensions().items() if known == kind}
    assert pillows <= set(suffixes)


def test_scans_are_counted():
    assert structure(FILES["jpeg"]).scans == 1
    assert structure(FILES["jpeg-progressive"]).scans == 10
    assert structure(files.repeated_scan(64, 64, 30)).scans == 40
    assert structure(FILES["jpeg"] + files.segment(0xDA, b"after the end")).scans == 1


def test_restart_markers_and_bytes_that_look_like_markers_are_no_scans():
    picture = Image.effect_noise((400, 300), 120)
    jpeg = files.saved(picture, "JPEG", restart_marker_blocks=1, comment=b"\xff\xda\xff\xda")
    assert jpeg.count(b"\xff\xd0") > 10
    assert structure(jpeg).scans == 1


def test_all_coefficients_of_a_progressive_jpeg_are_counted():
    for subsampling, bytes_a_pixel in ((0, 6), (1, 4), (2, 3)):
        jpeg = files.saved(PICTURE, "JPEG", progressive=True, subsampling=subsampling)
        assert structure(jpeg).coefficient_bytes == 70 * 50 * bytes_a_pixel
    assert structure(files.saved(PICTURE.convert("L"), "JPEG", progressive=True)).coefficient_bytes == 70 * 50 * 2
    assert structure(FILES["jpeg"]).coefficient_bytes == 0


def _dqt(count: int) -> bytes:
    return files.segment(0xDB, (b"\0" + b"\1" * 64) * count)


_MANY = files.repeated_scan(3000, 2000, 2000)
_SMALL_FRAME = files.segment(0xC2, b"\x08\0\1\0\1\3\1\x22\0\2\x11\1\3\x11\1")
TOO_MUCH = {
    "scans behind a length of 0": (files.after_start(_MANY, b"\xff\xe5\0\0"), "3000x2000 pixels in 2,010 scans"),
    "scans before a smaller frame": (_MANY[:-2] + _SMALL_FRAME + _MANY[-2:], "3000x2000 pixels in 2,010 scans"),
    "scans behind another start": (files.after_start(_MANY, b"\xff\xd8\xff\xd1\xff\xff"), "3000x2000 pixels in 2,010 scans"),
    "2,000 scans": (files.repeated_scan(3000, 2000, 2000), "3000x2000 pixels in 2,010 scans"),
    "tiny scans": (files.repeated_scan(5000, 5000, 60, cut=12), "5000x5000 pixels in 70 scans"),
    "tables": (files.after_start(FILES["jpeg"], _dqt(900) * 10), "tables have more than"),
    "segments": (files.after_start(FILES["jpeg"], files.segment(0xFE, b"") * 100_001), "more than 100,000 parts"),
    "scans between": (FILES["jpeg"][:-2] + files.segment(0xFE, b"") * 100_001, "more than 100,000 parts"),
    "starts": (files.after_start(FILES["jpeg"], b"\xff\xd8" * 100_001), "more than 100,000 parts"),
    "lossless": (FILES["jpeg"].replace(b"\xff\xc0", b"\xff\xc3", 1), "lossless or hierarchical"),
    "chunks": (files.after_header(FILES["png"], files.chunk(b"IDAT", b"") * 100_001), "more than 100,000 parts"),
    "blocks": (files.gif_with(b"!\xfe" + b"\1x" * 100_001 + b"\0"), "more than 100,000 parts"),
    "run lengths": (files.run_length_bmp(3000, 3000, b"\0\1"), "run-length coded BMP of more than 4,194,304"),
    "run length codes": (files.run_length_bmp(9, 9, b"\0\0" * 2**21), "run-length coded BMP of more than 4,194,304"),
}


@pytest.mark.parametrize(("content", "reason"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_would_hold_a_decoder_is_refused(content, reason):
    with pytest.raises(RefusedError, match=reason):
        structure(content)


def test_many_scans_of_a_small_picture_are_decoded():
    content = files.repeated_scan(64, 64, 500)
    assert decoded(content).getpixel((3, 3)) == decoded(files.repeated_scan(64, 64, 0)).getpixel((3, 3))


def _riff(chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


_LARGE = bytes(range(256)) * (METADATA // 200)
_SEGMENTS = [_LARGE[i : i + 65_000] for i in range(0, len(_LARGE), 65_000)]
_BLOCKS = b"".join(b"\xff" + _LARGE[:255] for _ in range(0, len(_LARGE), 255)) + b"\0"
_IN_TEXT = zlib.compress(b"\nexif\n1\n" + files.directory(4000, 60_000).hex().encode())
BLOATED = {
    "application segments": ("jpeg", lambda jpeg: files.after_start(jpeg, b"".join(files.segment(0xE5, s) for s in _SEGMENTS))),
    "exif segments": (
        "jpeg",
        lambda jpeg: files.after_start(jpeg, b"".join(files.segment(0xE1, b"Exif\0\0" + s) for s in _SEGMENTS)),
    ),
    "comments": ("jpeg", lambda jpeg: files.after_start(jpeg, b"".join(files.segment(0xFE, s) for s in _SEGMENTS))),
    "exif tags": (
        "jpeg",
        lambda jpeg: files.after_start(jpeg, files.segment(0xE1, b"Exif\0\0" + files.directory(4000, 60_000))),
    ),
    "exif tags elsewhere": (
        "jpeg",
        lambda jpeg: files.after_start(
            jpeg, files.segment(0xE1, b"Exif\0\0II*\0\xff\0\0\0") + files.segment(0xE1, b"Exif\0\0" + bytes(60_000))
        ),
    ),
    "frames' tags": (
        "jpeg",
        lambda jpeg: files.after_start(jpeg, files.segment(0xE2, b"MPF\0" + files.directory(4000, 60_000))),
    ),
    "bytes between": ("jpeg", lambda jpeg: jpeg[:20] + b"\0\xff\0\xff\xff" * 1_000_000 + jpeg[20:]),
    "profile": ("jpeg", lambda _: files.saved(PICTURE, "JPEG", icc_profile=_LARGE)),
    "text": ("png", lambda png: files.after_header(png, files.chunk(b"tEXt", b"a\0" + _LARGE))),
    "text after": ("png", lambda png: png[:-12] + files.chunk(b"tEXt", b"a\0" + _LARGE) + png[-12:]),
    "international text": ("png", lambda png: files.after_header(png, files.chunk(b"iTXt", b"a\0\0\0\0\0" + _LARGE))),
    "packed text": (
        "png",
        lambda png: files.after_header(png, files.chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**20 - 9))) * 90),
    ),
    "packed exif": ("png", lambda png: files.after_header(png, files.chunk(b"eXIf", _LARGE))),
    "profiles": ("png", lambda png: files.after_header(png, files.chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(2**19))) * 9)),
    "unknown chunk": ("png", lambda png: files.after_header(png, files.chunk(b"prVt", _LARGE))),
    "webp profile": ("webp", lambda _: files.saved(PICTURE, "WEBP", icc_profile=_LARGE)),
    "webp exif": ("webp", lambda _: files.saved(PICTURE, "WEBP", exif=_LARGE)),
    "webp xmp": ("webp", lambda _: files.saved(PICTURE, "WEBP", xmp=_LARGE[:-1])),
    "webp unknown": (
        "webp-extended",
        lambda webp: _riff(webp[12:30] + b"abcd" + struct.pack("<I", len(_LARGE)) + _LARGE + webp[30:]),
    ),
    "gif comment": ("gif", lambda gif: gif[:781] + b"!\xfe" + _BLOCKS + gif[781:]),
    "gif application": ("gif", lambda gif: gif[:781] + b"!\xff\x0bXMP DataXMP" + _BLOCKS + gif[781:]),
    "gif bytes between": ("gif", lambda gif: gif[:781] + bytes(1_000_000) + gif[781:]),
}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(("kind", "bloat"), BLOATED.values(), ids=BLOATED)
def test_metadata_beyond_a_sane_size_never_reaches_the_decoder(kind, bloat):
    assert FILES["gif"][10] & 0x87 == 0x87, "a table of 256 colours, which ends at byte 781"
    content = bloat(FILES[kind])
    found = structure(content)
    lean = trimmed(content, found)
    assert sum(weight for _, _, weight in found.metadata) > METADATA
    assert sum(weight for _, _, weight in structure(lean).metadata) <= METADATA
    with Image.open(io.BytesIO(lean)) as picture:
        picture.load()
    assert decoded(content).tobytes() == decoded(FILES[kind]).tobytes()


def test_small_metadata_stays_beside_large():
    turned = Image.Exif()
    turned[0x0112] = 6
    jpeg = files.saved(PICTURE, "JPEG", exif=turned)
    at = jpeg.index(b"\xff\xdb")
    large = b"".join(files.segment(0xED, s) for s in _SEGMENTS)
    assert decoded(jpeg[:at] + large + jpeg[at:]).size == (50, 70)
    webp = files.saved(PICTURE, "WEBP", exif=turned.tobytes(), icc_profile=_LARGE)
    assert decoded(webp).size == (50, 70)


def test_a_wrong_checksum_is_damage():
    content = bytearray(FILES["png"])
    content[-20] ^= 1
    with pytest.raises(RefusedError, match="damaged"):
        structure(bytes(content))
    with pytest.raises(RefusedError, match="ends too early"):
        structure(FILES["png"][:-5])


def test_a_jpeg_without_a_scan_or_a_frame_is_damage():
    jpeg = FILES["jpeg"]
    for content in (jpeg[: jpeg.index(b"\xff\xda")], jpeg.replace(b"\xff\xc0", b"\xff\xe7", 1), b"\xff\xd8\xff\xd9"):
        with pytest.raises(RefusedError, match="it has no scan, or nothing that says its size"):
            structure(content)


HEADS = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\xff\xff\0\0WEBP", b"BM", b"GIF89a", b""]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(HEADS), st.binary(max_size=300))
def test_random_bytes_are_walked_to_an_end(head, body):
    _walk(head + body)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(list(FILES.values())), st.integers(0, 2**32), st.integers(1, 12))
def test_damaged_files_are_walked_to_an_end(content, seed, places):
    rng, damaged = random.Random(seed), bytearray(content)
    for _ in range(places):
        damaged[rng.randrange(len(damaged))] = rng.choice((0, 1, 0xFF, rng.randrange(256)))
    _walk(bytes(damaged[: rng.choice((len(damaged), rng.randrange(len(damaged))))]))


def _walk(content: bytes) -> None:
    try:
        found = structure(content)
    except RefusedError as reason:
        assert str(reason)
        return
    assert found.decoded_bytes() >= 0
    assert found.parts <= containers.PARTS
    stops = [0]
    for start, stop, weight in found.metadata:
        assert stops[-1] <= start < stop <= len(content)
        assert weight >= stop - start
        stops.append(stop)
    assert len(trimmed(content, found)) <= len(content)

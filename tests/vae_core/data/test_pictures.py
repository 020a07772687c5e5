"""One picture: whatever Pillow refuses is refused, a large photograph is decoded small, and what is cut is the right part."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import image_files as files
import numpy as np
import pytest
from PIL import Image

from vae_core.data.own_images import own_images
from vae_core.data.pictures import central_square, resized, whole_picture
from vae_core.data.preparation import opened
from vae_core.data.untrusted import Limits, RefusedError

PIXELS = Limits().pixels


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a maker of cameras"
    return exif


SMALL, LARGE = files.photograph(64, 64), files.photograph(700, 900)
CMYK = SMALL.convert("CMYK")
INTACT = {
    "png": files.saved(SMALL),
    "png with metadata": files.saved(SMALL.convert("L"), exif=_turned(), icc_profile=bytes(300)),
    "jpeg": files.saved(SMALL, "JPEG"),
    "jpeg with metadata": files.saved(SMALL, "JPEG", exif=_turned(), icc_profile=bytes(300), comment=b"a comment"),
    "jpeg decoded small": files.saved(LARGE, "JPEG", quality=40),
    "progressive jpeg decoded small": files.saved(LARGE, "JPEG", quality=30, progressive=True),
    "two jpegs in one": files.saved(SMALL, "MPO", save_all=True, append_images=[SMALL.rotate(90)]),
    "cmyk jpeg": files.saved(CMYK, "JPEG"),
    "progressive cmyk jpeg with metadata": files.saved(CMYK, "JPEG", progressive=True, exif=_turned(), icc_profile=bytes(300)),
    "cmyk jpeg decoded small": files.saved(LARGE.convert("CMYK"), "JPEG", quality=30),
    "webp": files.saved(SMALL, "WEBP"),
    "lossless webp": files.saved(SMALL, "WEBP", lossless=True, exif=_turned()),
    "gif": files.saved(SMALL.quantize(64), "GIF"),
    "animated gif": files.saved(SMALL.quantize(64), "GIF", save_all=True, append_images=[SMALL.rotate(90).quantize(64)]),
    "bmp": files.saved(SMALL, "BMP"),
    "bmp with a palette": files.saved(SMALL.quantize(16), "BMP"),
}


def _pillow_refuses(content: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
    except Exception:
        return True
    return False


def _refused(take, content: bytes, side: int) -> bool:
    try:
        take(content, PIXELS, side)
    except RefusedError as reason:
        assert str(reason).startswith("it ")
        return True
    return False


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("content", INTACT.values(), ids=INTACT)
@pytest.mark.parametrize("cut", [False, True], ids=["one byte", "cut short"])
def test_whatever_pillow_refuses_is_refused(content, cut):
    """200 places, half of them in the first 700 bytes, where headers and tables are."""
    rng, checked = random.Random(0), 0
    assert not _pillow_refuses(content) and not _refused(central_square, content, 16)
    for i in range(200):
        at = rng.randrange(20, min(700, len(content)) if i % 2 else len(content))
        damaged = bytearray(content)
        damaged[at] ^= rng.randrange(1, 256)
        damaged = content[:at] if cut else bytes(damaged)
        if _pillow_refuses(damaged):
            checked += 1
            assert _refused(central_square, damaged, 16), at
            assert _refused(whole_picture, damaged, 32), at
    assert checked > 3


OUR_REASONS = {
    "it is empty",
    "it is not a PNG, JPEG, WebP, BMP or GIF image",
    "it cannot be decoded: it ends too early",
    "it cannot be decoded: it has no scan, or nothing that says its size",
    "it cannot be decoded: it is damaged, ends too early or is of a rare kind that is not read",
}


@pytest.mark.parametrize("content", INTACT.values(), ids=INTACT)
def test_a_file_cut_at_its_head_is_refused_in_our_words(content):
    for length in range(65):
        for take in (lambda cut: central_square(cut, PIXELS, 16), lambda cut: whole_picture(cut, PIXELS, 32), opened):
            with pytest.raises(RefusedError) as refused:
                take(content[:length])
            assert str(refused.value) in OUR_REASONS, length


@pytest.mark.parametrize(("kind", "length"), [("gif", 6), ("gif", 12), ("bmp", 2), ("bmp", 25), ("webp", 24), ("png", 60)])
def test_a_file_shorter_than_its_header_ends_too_early(kind, length):
    with pytest.raises(RefusedError, match=r"^it cannot be decoded: it ends too early$"):
        central_square(INTACT[kind][:length], PIXELS, 16)


def test_a_lack_of_memory_is_not_called_damage(monkeypatch):
    def load(picture):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "load", load)
    with pytest.raises(RefusedError, match="there is not enough memory for it"):
        central_square(INTACT["png"], PIXELS, 16)


@pytest.mark.parametrize("content", [INTACT["png"], INTACT["png with metadata"]])
def test_any_changed_byte_of_a_png_is_seen(content):
    rng = random.Random(1)
    for _ in range(200):
        damaged = bytearray(content)
        damaged[rng.randrange(len(content))] ^= rng.randrange(1, 256)
        assert _refused(whole_picture, bytes(damaged), 256)


def test_an_error_in_metadata_leaves_no_half_of_a_picture():
    """Pillow's `getexif` of a PNG decodes it: an error there must not be taken for one of the metadata."""
    content = bytearray(INTACT["png"])
    content[len(content) // 2] ^= 0x55
    for take in (central_square, whole_picture):
        with pytest.raises(RefusedError, match="damaged"):
            take(bytes(content), PIXELS, 64)
    jpeg = files.after_start(INTACT["jpeg"], files.segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\x05\0what is no tag at all"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert whole_picture(jpeg, PIXELS, 256).image.tobytes() == SMALL_JPEG.tobytes()


SMALL_JPEG = Image.open(io.BytesIO(INTACT["jpeg"]))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
@pytest.mark.parametrize("size", [(700, 900), (900, 700), (1500, 40), (64, 64), (31, 50)])
def test_the_square_is_the_middle_at_any_size(kind, size):
    picture = files.photograph(*size)
    found = central_square(files.saved(picture, kind, quality=95), PIXELS, 16)
    edge = min(size)
    left, top = (size[0] - edge) // 2, (size[1] - edge) // 2
    expected = resized(picture.crop((left, top, left + edge, top + edge)), 16).astype(int)
    assert found.longest == max(size)
    assert found.image.width == found.image.height >= min(edge, 32)
    assert np.abs(resized(found.image, 16).astype(int) - expected).mean() < 3


@pytest.mark.parametrize("size", [(700, 900), (3000, 200), (40, 4000)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_whole_is_shrunk_to_its_bounds(kind, size):
    found = whole_picture(files.saved(files.photograph(*size), kind), PIXELS, 32).image
    assert min(found.size) <= 64 and max(found.size) <= 256
    assert min(found.size) == 64 or max(found.size) == 256
    expected = np.asarray(files.photograph(*size).resize(found.size, Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(np.asarray(found).astype(int) - expected).mean() < 4


def test_a_photograph_of_200_million_pixels_is_decoded_small():
    flat = Image.new("L", (16_320, 12_240), 130)
    found = whole_picture(files.saved(flat, "JPEG", quality=50), PIXELS, 256)
    assert found.longest == 16_320
    assert found.decoded == 2040 * 1530
    assert np.abs(np.asarray(found.image).astype(int) - 130).max() <= 1


def test_what_cannot_be_decoded_small_is_refused_by_its_bytes():
    def refusal(content: bytes, pixels: int) -> str:
        with pytest.raises(RefusedError) as refused:
            central_square(content, pixels, 8)
        return str(refused.value)

    sentence = "it is 300x200 pixels, which take {} bytes to decode, more than {}"
    picture = files.photograph(300, 200)
    assert refusal(files.saved(picture), 59_999) == sentence.format("240,000", "239,996")
    assert refusal(files.saved(picture, "WEBP"), 239_999) == sentence.format("960,000", "959,996")
    # 38 by 25 pixels of 4 bytes, and all coefficients, of 2 bytes, at 3 for 2 pixels.
    progressive = files.saved(picture, "JPEG", progressive=True)
    assert refusal(progressive, 45_949) == sentence.format("183,800", "183,796")
    assert central_square(progressive, 45_950, 8).decoded == 38 * 25
    assert central_square(files.saved(picture, "JPEG"), 950, 8).decoded == 38 * 25


def test_a_picture_of_very_many_rows_counts_as_what_it_takes():
    header = files.chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 30_000_000, 8, 2, 0, 0, 0))
    tall = files.saved(SMALL)[:8] + header + files.chunk(b"IEND", b"")
    with pytest.raises(RefusedError, match="it is 1x30000000 pixels, which take 960,000,000 bytes"):
        whole_picture(tall, PIXELS, 256)


def test_a_canvas_that_is_only_claimed_is_refused_before_it_is_made():
    webp = files.saved(Image.new("RGBA", (9, 9), (1, 2, 3, 4)), "WEBP", lossless=True, exif=_turned())
    at = webp.index(b"VP8X") + 12
    with pytest.raises(RefusedError, match="it is 16384x16384 pixels"):
        whole_picture(webp[:at] + b"\xff\x3f\0\xff\x3f\0" + webp[at + 6 :], PIXELS, 256)


_PEAK = """
import sys
from vae_core.data.preparation import opened
from pathlib import Path

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024

content = Path(sys.argv[1]).read_bytes()
opened(Path(sys.argv[2]).read_bytes())
before = peak()
image = opened(content).image
print(peak() - before, *image.size)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's account of memory")
@pytest.mark.slow
def test_a_photograph_of_48_million_pixels_takes_less_than_60_mb(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(files.saved(Image.new("RGB", (8064, 6048), (120, 130, 140)), "JPEG", quality=60))
    (tmp_path / "small.jpg").write_bytes(INTACT["jpeg"])
    command = [sys.executable, "-c", _PEAK, str(tmp_path / "photo.jpg"), str(tmp_path / "small.jpg")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rise, width, height = map(int, told.split())
    assert (width, height) == (683, 512)
    assert rise < 60_000_000


@pytest.fixture(params=["folder", "zip"])
def refused(request, tmp_path):
    """Reads 12 good pictures and others (name -> bytes), from a folder and from a zip; gives who was refused and why."""

    def read(others: dict[str, bytes]) -> dict[str, str]:
        good = {f"{i}.png": files.saved(Image.new("L", (30, 20), 20 * i)) for i in range(12)}
        path = tmp_path / "pictures.zip"
        if request.param == "folder":
            path = tmp_path / "pictures"
            path.mkdir()
            for name, content in (good | others).items():
                (path / name).write_bytes(content)
        else:
            with zipfile.ZipFile(path, "w") as archive:
                for name, content in (good | others).items():
                    archive.writestr(name, content)
        data = own_images(path)
        used = sum(len(split) for split in (data.train, data.validation, data.test))
        assert used + len(data.refused) == len(good | others)
        return dict(data.refused)

    return read


def test_pictures_that_would_hold_a_decoder_are_refused_in_folders_and_zips(refused):
    """Too many scans are refused; too much metadata is cut out, and the picture is used."""
    found = refused(
        {
            "scans.jpg": files.repeated_scan(3000, 2000, 2000),
            "tiny-scans.jpg": files.repeated_scan(5000, 5000, 60, cut=12),
            "run-lengths.bmp": files.run_length_bmp(3000, 3000, b"\0\1"),
            "segments.jpg": files.after_start(INTACT["jpeg"], files.segment(0xFE, b"") * 100_001),
            "metadata.jpg": files.after_start(INTACT["jpeg"], files.segment(0xE5, bytes(65_000)) * 150),
        }
    )
    assert found == {
        "scans.jpg": "it is a JPEG of 3000x2000 pixels in 2,010 scans, which takes too long to decode",
        "tiny-scans.jpg": "it is a JPEG of 5000x5000 pixels in 70 scans, which takes too long to decode",
        "run-lengths.bmp": "it is a run-length coded BMP of more than 4,194,304 bytes or pixels",
        "segments.jpg": "it consists of more than 100,000 parts",
    }


def test_damaged_and_invisible_pictures_are_refused_in_folders_and_zips(refused):
    cut = {f"cut.{kind}": INTACT[kind][: len(INTACT[kind]) // 2] for kind in ("png", "jpeg", "webp", "gif", "bmp")}
    clear = files.saved(Image.new("RGBA", (9, 9), (200, 10, 10, 0)))
    found = refused(cut | {"changed.png": files.damaged(INTACT["png"]), "clear.png": clear})
    assert found.pop("clear.png") == "all that would be used of it is transparent; give it without transparency"
    assert set(found) == {*cut, "changed.png"}
    assert all(why.startswith("it cannot be decoded: ") for why in found.values())

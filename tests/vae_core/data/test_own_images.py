"""A person's own images, well and badly meant. Bombs are small, and the limits they meet are lowered."""

import io
import os
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from vae_core.data import DataError, load_dataset
from vae_core.data.own_images import own_images, title_of
from vae_core.data.preparation import Preparation
from vae_core.data.untrusted import Limits


def _picture(seed, size=(40, 50), mode="RGB", form="PNG", **options):
    bands = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], bands), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels[..., 0] if bands == 1 else pixels, mode=mode).save(out, form, **options)
    return out.getvalue()


def _saved(pixels, form="PNG", **options):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, **options)
    return out.getvalue()


def _good(count=12, **options):
    return {f"{i:02d}.png": _picture(i, **options) for i in range(count)}


@pytest.fixture(params=["folder", "zip"])
def put(request, tmp_path):
    """Writes files (name -> bytes) as a folder or as a zip and gives its path: every test runs on both."""

    def write(files):
        if request.param == "folder":
            for name, content in files.items():
                path = tmp_path / "mine" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            return tmp_path / "mine"
        with zipfile.ZipFile(tmp_path / "mine.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return tmp_path / "mine.zip"

    return write


def _everything(data):
    return np.concatenate([split.x.numpy() for split in (data.train, data.validation, data.test)])


def test_folder_and_zip(put, check_splits):
    told = []
    data = load_dataset(put(_good(30)), progress=lambda *args: told.append(args))
    assert data.image == (3, 64, 64)
    assert check_splits(data) == (24, 3, 3)
    assert (data.name, data.title, data.classes, data.refused) == ("own-mine", "mine", (), ())
    assert data.train.y is None
    assert told[-1] == ("reading images", 30, 30)


def test_the_same_files_give_the_same_splits_however_they_come(tmp_path):
    files = _good(20)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for name in reversed(files):
            archive.writestr(name, files[name])
    (tmp_path / "z").mkdir()
    for name in files:
        (tmp_path / name).rename(tmp_path / "z" / name)
    assert load_dataset(tmp_path / "z").fingerprint == load_dataset(tmp_path / "z.zip").fingerprint


def test_folders_are_classes_below_the_one_they_share(put):
    files = {f"top/{kind}/deep/{i}.png": _picture((i, len(kind))) for kind in ("cat", "horse") for i in range(10)}
    data = load_dataset(put(files))
    assert data.classes == ("cat", "horse")
    labels = np.concatenate([split.y for split in (data.train, data.validation, data.test)])
    assert np.bincount(labels).tolist() == [10, 10]


def test_one_folder_is_no_class_and_loose_images_are_one_more(put):
    one = {f"only/{name}": content for name, content in _good().items()}
    assert load_dataset(put(one)).classes == ()
    more = {f"{'ab'[i % 2]}/{i}.png": _picture(100 + i) for i in range(10)} | {"loose.png": _picture(200)}
    assert load_dataset(put(more)).classes[:3] == ("(no folder)", "a", "b")


def test_tiny_images_keep_their_pixels_at_28(put):
    files = _good(12, size=(28, 28), mode="L")
    data = load_dataset(put(files))
    assert data.image == (1, 28, 28)
    ours = {image.tobytes() for image in _everything(data)}
    assert ours == {np.asarray(Image.open(io.BytesIO(content))).tobytes() for content in files.values()}


def test_one_larger_image_makes_all_64(put):
    data = load_dataset(put(_good(12, size=(20, 20)) | {"zz.png": _picture(99, size=(20, 33))}))
    assert data.image == (3, 64, 64)


@pytest.mark.parametrize("size", [8, 17, 128])
def test_a_chosen_size(put, size):
    assert load_dataset(put(_good()), size=size).image == (3, size, size)


@pytest.mark.parametrize("size", [7, 129, 0, -1, 28.0, "28", True])
def test_a_size_out_of_range_is_refused(tmp_path, size):
    with pytest.raises(DataError, match="from 8 to 128"):
        load_dataset(tmp_path, size=size)


def test_grey_only_where_all_are(tmp_path):
    grey = {f"{i}.png": _saved(np.repeat(np.random.default_rng(i).integers(0, 256, (40, 40, 1), np.uint8), 3, 2))
            for i in range(12)}  # fmt: skip
    for name, content in grey.items():
        (tmp_path / name).write_bytes(content)
    assert load_dataset(tmp_path).image == (1, 64, 64), "grey saved as colour is grey"
    (tmp_path / "colour.png").write_bytes(_picture(50))
    assert load_dataset(tmp_path).image == (3, 64, 64)


def test_all_formats_and_wrong_extensions(put):
    files = _good(10)
    for i, form in enumerate(("PNG", "JPEG", "WEBP", "BMP", "GIF")):
        files[f"form{i}.txt"] = _picture(50 + i, form=form, **({"mode": "L"} if form == "GIF" else {}))
    files["cmyk.jpg"] = _picture(60, mode="CMYK", form="JPEG")
    files["one-bit.png"] = _saved(np.random.default_rng(61).random((40, 40)) > 0.5)
    data = load_dataset(put(files))
    assert data.refused == ()
    assert len(_everything(data)) == 17


def test_first_frame_of_an_animation(tmp_path):
    from vae_core.data.pictures import central_square, resized

    frames = [Image.fromarray(np.full((40, 40), v, np.uint8)) for v in (200, 10)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    picture = central_square(out.getvalue(), 10_000, 40)
    assert (resized(picture.image, 40) == 200).all()


def _one(content, side=16, pixels=10**6):
    from vae_core.data.pictures import central_square, resized

    return resized(central_square(content, pixels, side).image, side)


def test_central_square():
    pixels = np.zeros((16, 48, 3), np.uint8)
    pixels[:, 16:32] = (255, 0, 0)
    assert (_one(_saved(pixels)) == (255, 0, 0)).all()
    assert (_one(_saved(pixels.transpose(1, 0, 2).copy())) == (255, 0, 0)).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(orientation):
    upright = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    stored = {1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
              5: upright.transpose(1, 0, 2), 6: np.rot90(upright), 7: np.rot90(upright, 2).transpose(1, 0, 2),
              8: np.rot90(upright, -1)}[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert (_one(_saved(np.ascontiguousarray(stored), exif=exif)) == upright).all()


@pytest.mark.parametrize(("ink", "ground"), [(20, 255), (230, 0)])
def test_alpha_is_laid_over_what_shows_it(ink, ground):
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[4:12, 4:12] = (ink, ink, ink, 255)
    x = _one(_saved(pixels))
    assert (x[4:12, 4:12] == ink).all()
    assert (x[:4] == ground).all()


def test_a_transparent_palette_colour_is_laid_over_too():
    picture = Image.new("P", (16, 16), 1)
    picture.putpalette([10, 10, 10, 200, 0, 0])
    picture.paste(0, (4, 4, 12, 12))
    out = io.BytesIO()
    picture.save(out, "PNG", transparency=1)
    x = _one(out.getvalue())
    assert (x[0, 0] == 255).all() and (x[8, 8] == 10).all()


def test_sixteen_bit_grey_is_not_clipped():
    levels = (np.arange(256, dtype=np.uint16) << 8).reshape(16, 16)
    assert (_one(_saved(levels)) == np.arange(256).reshape(16, 16)).all()


# --- what is refused one by one


def _png_claiming(width, height):
    """A PNG of a few bytes whose header claims any size."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"just text", "not a PNG"),
        (b"%PDF-1.7", "not a PNG"),
        (b"GIF89a", "cannot be decoded"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "cannot be decoded"),
        (_picture(0)[:-2000], "cannot be decoded"),
        (_picture(0, form="JPEG")[:400], "cannot be decoded"),
        (_png_claiming(20_000, 20_000), "pixels"),
        (_png_claiming(9_000, 8_000), "9000x8000 pixels, which take 288,000,000 bytes to decode, more than 268,435,456"),
        (_png_claiming(0, 5), "cannot be decoded"),
    ],
)
def test_a_bad_file_is_refused_and_the_rest_loads(put, content, reason):
    data = load_dataset(put(_good() | {"bad.png": content}))
    assert len(_everything(data)) == 12
    [(name, why)] = data.refused
    assert name == "bad.png"
    assert reason in why


def test_the_same_picture_twice_is_used_once(put, check_splits):
    files = _good(12)
    data = load_dataset(put(files | {"copy.png": files["03.png"]}))
    assert sum(check_splits(data)) == 12
    assert data.refused == (("copy.png", "it is the same picture as 03.png"),)


def _part_of(data):
    """Part by the bytes of each image."""
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    return {image.tobytes(): part for part, split in parts.items() for image in split.x.numpy()}


@pytest.mark.parametrize("count", [10, 11, 15, 30, 200])
def test_the_split_is_by_content_and_one_more_image_never_takes_one_from_training(tmp_path, count):
    top = tmp_path / "mine"
    top.mkdir()
    for i in range(count):
        (top / f"{i:03d}.png").write_bytes(_picture((7, i), size=(9, 9)))
    before = load_dataset(top, size=9)
    assert all(len(split) >= 2 for split in (before.train, before.validation, before.test))
    for k in range(12):
        # Some of the new names come first, some last.
        (top / f"{'az'[k % 2]}{k}.png").write_bytes(_picture((8, k), size=(9, 9)))
        after = load_dataset(top, size=9)
        old, new = _part_of(before), _part_of(after)
        assert [new[image] for image, part in old.items() if part == "train"] == ["train"] * len(before.train)
        assert before.fingerprint != after.fingerprint
        before = after


def test_shares_are_those_that_are_said(tmp_path):
    data = load_dataset(_zip(tmp_path / "a.zip", {f"{i}.png": _picture((9, i), size=(8, 8)) for i in range(1000)}))
    # Each share is within four standard deviations of 100.
    assert all(62 < len(split) < 138 for split in (data.validation, data.test))
    assert f"({len(data.train):,} train, {len(data.validation)} validation, {len(data.test)} test; split by" in data.about


@pytest.mark.parametrize("count", [12, 60])
def test_size_and_preparation_leave_the_split_as_it_is(tmp_path, count):
    top = tmp_path / "mine"
    top.mkdir()
    for i in range(count):
        # Images of one grey level each, by which they are known at every size.
        pixels = np.full((20, 30, 3), 4 * i, np.uint8)
        (top / f"{i}.png").write_bytes(_saved(pixels))
    ways = [{"size": 16}, {"size": 64}, {"image": (3, 32, 32)}, {"image": (1, 12, 20), "preparation": Preparation("fit")}]
    levels = [
        [sorted(split.x[:, 0, 0, 0].tolist()) for split in (data.train, data.validation, data.test)]
        for data in (load_dataset(top, **way) for way in ways)
    ]
    assert levels[1:] == levels[:-1] and sum(map(len, levels[0])) == count


def test_the_folders_name_is_no_part_of_what_the_data_set_is(tmp_path):
    files = _good(20)
    one, two = (load_dataset(_zip(tmp_path / f"{name}.zip", files)) for name in ("one", "two"))
    assert one.fingerprint == two.fingerprint and one.name != two.name


def test_a_copy_saved_anew_is_trained_on_where_either_file_is(tmp_path):
    files = {f"{i:02d}.png": _picture((5, i), size=(16, 16)) for i in range(60)}
    before = load_dataset(_zip(tmp_path / "a.zip", files), size=16)
    copies = {f"{'az'[i % 2]}{name}": _saved(np.asarray(Image.open(io.BytesIO(content))), compress_level=1)
              for i, (name, content) in enumerate(files.items())}  # fmt: skip
    after = load_dataset(_zip(tmp_path / "b.zip", files | copies), size=16)
    old, new = _part_of(before), _part_of(after)
    assert set(old) == set(new) and len(after.refused) == 60
    assert all(reason.startswith("once prepared, it is the same image as another: ") for _, reason in after.refused)
    assert all(new[image] == "train" for image, part in old.items() if part == "train")
    assert len(after.train) > len(before.train)


# --- a split that folders give


def _by_folder(put, counts, start=0):
    """Files of folder -> count, all different."""
    pairs = [(folder, i) for folder, count in counts.items() for i in range(count)]
    return put({f"{folder}/{i:03d}.png": _picture((3, start + k), size=(16, 16)) for k, (folder, i) in enumerate(pairs)})


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [("train", "val", "test"), ("Train", "Valid", "TEST"), ("training", "validation", "testing"), ("train", "dev", "eval"),
     ("training_set", "val_set", "test_set"), ("train2017", "val2017", "test2017"), ("train-images", "dev data", "held-out"),
     ("01_train", "02_val", "03_test"), ("trainval", "dev", "test")],
)  # fmt: skip
def test_folders_of_the_usual_names_are_the_split(put, train, validation, test):
    counts = {f"{train}/cat": 9, f"{train}/dog": 8, f"{validation}/cat": 3, f"{test}/cat": 3, f"{test}/dog": 3}
    data = load_dataset(_by_folder(put, {f"top/{folder}": count for folder, count in counts.items()}))
    if test == "eval":
        # Both names are of validation, and test is chosen from train.
        assert (len(data.validation), len(data.train) + len(data.test)) == (9, 17)
    else:
        assert (len(data.train), len(data.validation), len(data.test)) == (17, 3, 6)
        assert np.bincount(data.train.y).tolist() == [9, 8] and np.bincount(data.test.y).tolist() == [3, 3]
    assert data.classes == ("cat", "dog") and data.split_by == "folders" and data.refused == ()
    assert f"split by the folders {', '.join(sorted((train, validation, test)))}" in data.about


@pytest.mark.parametrize(("other", "lacking"), [("test", "validation"), ("val", "test")])
def test_what_folders_do_not_give_is_chosen_from_train(put, other, lacking):
    counts = {"train": 40, other: 5}
    data = load_dataset(_by_folder(put, counts))
    given, chosen = (data.test, data.validation) if other == "test" else (data.validation, data.test)
    assert len(given) == 5 and len(chosen) >= 2 and len(data.train) + len(chosen) == 40
    assert f"{lacking} chosen from train by content" in data.about and data.classes == ()


def test_a_folder_beside_those_of_the_split_is_left_out_and_said(put):
    counts = {"train/cat": 9, "train/dog": 8, "test/cat": 3, "test/dog": 3, "unlabeled": 5}
    data = load_dataset(_by_folder(put, counts))
    assert data.classes == ("cat", "dog") and data.split_by == "folders" and len(data.test) == 6
    assert len(data.refused) == 5 and all("outside the folders of the split" in reason for _, reason in data.refused)


def test_a_class_called_train_is_a_class(put):
    data = load_dataset(_by_folder(put, {"car": 6, "plane": 6, "train": 6}))
    assert data.classes == ("car", "plane", "train") and data.split_by == "content"


@pytest.mark.parametrize("counts", [{"train": 12}, {"val": 8, "test": 8}, {"train": 8, "training": 8}])
def test_no_split_without_a_train_folder_and_another(put, counts):
    assert load_dataset(_by_folder(put, counts)).split_by == "content"


def test_a_split_inside_each_class(put):
    data = load_dataset(_by_folder(put, {"cat/train": 8, "cat/test": 3, "dog/train": 9, "dog/test": 4}))
    assert data.classes == ("cat", "dog") and (len(data.test), np.bincount(data.test.y).tolist()) == (7, [3, 4])


@pytest.mark.parametrize("above", ["animals", "data/animals", "a/b/c/d/e"])
@pytest.mark.parametrize("beside", [(), ("cover.png",), ("animals.txt",)])
def test_a_split_below_folders_that_all_images_share(put, above, beside):
    counts = {"train/cat": 9, "train/dog": 8, "val/cat": 3, "test/cat": 3, "test/dog": 3}
    pairs = [(folder, i) for folder, count in counts.items() for i in range(count)]
    files = {f"{above}/{folder}/{i}.png": _picture((3, k), size=(16, 16)) for k, (folder, i) in enumerate(pairs)}
    if beside:
        files[beside[0]] = _picture(9) if beside[0].endswith(".png") else b"text"
    data = load_dataset(put(files))
    assert (len(data.train), len(data.validation), len(data.test)) == (17, 3, 6)
    assert data.classes == ("cat", "dog") and data.split_by == "folders"
    assert [name for name, _ in data.refused] == list(beside)


def test_a_split_two_levels_below_the_classes(put):
    counts = {f"{kind}/photos/{part}": count for kind in ("cat", "dog") for part, count in (("train", 8), ("test", 3))}
    data = load_dataset(_by_folder(put, counts))
    assert data.classes == ("cat", "dog") and data.split_by == "folders" and np.bincount(data.test.y).tolist() == [3, 3]


def test_folders_beside_a_deeper_split_are_classes(put):
    counts = {"cat/photos/train": 8, "cat/photos/test": 3, "dog/photos": 9}
    data = load_dataset(_by_folder(put, counts))
    assert data.classes == ("cat", "dog") and data.split_by == "content"


@pytest.mark.parametrize("above", ["", "images/"])
@pytest.mark.parametrize("test", ["test", "test/all"])
def test_the_classes_of_an_undivided_test_folder_are_not_known(put, above, test):
    counts = {"train/cat": 9, "train/dog": 8, "val/cat": 3, "val/dog": 2, test: 5}
    data = load_dataset(_by_folder(put, {above + folder: count for folder, count in counts.items()}))
    if test == "test":
        assert data.classes == ("cat", "dog") and data.test.y is None
    else:
        assert data.classes == ("all", "cat", "dog") and data.test.y.tolist() == [0] * 5
    assert len(data.test) == 5 and np.bincount(data.train.y - data.train.y.min()).tolist() == [9, 8]
    assert set(data.validation.y.tolist()) <= {data.classes.index("cat"), data.classes.index("dog")}


def test_an_image_beside_the_class_folders_of_its_part_is_of_one_more_class(put):
    data = load_dataset(_by_folder(put, {"train/cat": 9, "train/dog": 8, "test/cat": 3, "test": 1, "val": 2}))
    assert data.classes == ("(no folder)", "cat", "dog") and sorted(data.test.y.tolist()) == [0, 1, 1, 1]
    assert data.validation.y is None


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"trainA": 6, "trainB": 6, "testA": 5, "testB": 5}, "with testA, testB, trainA, trainB as classes"),
        ({"train_cats": 6, "test_cats": 6}, "with test_cats, train_cats as classes"),
        ({"cat": 6, "dog": 6, "test": 6}, "with test as classes: no folder is called train beside one called val or test"),
        ({"val": 8, "test": 8}, "with test, val as classes"),
        ({"trains": 6, "trainers": 6, "tests": 6, "testA": 5}, ""),
        ({"cat": 6, "dog": 6}, ""),
    ],
)
def test_folders_that_are_no_parts_although_called_like_them_are_classes_and_said(put, counts, said):
    data = load_dataset(_by_folder(put, counts))
    assert data.classes == tuple(sorted(counts)) and data.split_by == "content"
    assert f"; split by the content of each file{', ' if said else ')'}{said}" in data.about


def test_no_picture_is_in_two_parts_of_a_given_split(put, check_splits):
    files = {f"{'train' if i < 20 else 'test'}/{i:02d}.png": _picture((3, i)) for i in range(26)}
    files |= {"test/leak1.png": files["train/03.png"], "test/leak2.png": files["train/04.png"], "cover.png": _picture(1)}
    data = load_dataset(put(files))
    assert sum(check_splits(data)) == 26 and len(data.test) == 6
    assert dict(data.refused) == {
        "test/leak1.png": "another part of the split has the same picture: train/03.png",
        "test/leak2.png": "another part of the split has the same picture: train/04.png",
        "cover.png": "it lies outside the folders of the split",
    }
    assert "3 files were not used (2 files: another part of the split has the same picture; 1 file: it lies" in data.about


def test_too_few_to_train_on_is_a_sentence(put):
    with pytest.raises(DataError, match=r"too few images to train on beside those that are held out \(1\)"):
        load_dataset(_by_folder(put, {"train": 3, "test": 12}))


# --- refused files


def test_system_files_are_passed_over(put):
    data = load_dataset(put(_good() | {".DS_Store": b"x", "__MACOSX/._00.png": b"x", ".hidden/a.png": _picture(70)}))
    assert data.refused == ()
    assert len(_everything(data)) == 12


def test_too_few_is_an_error_that_says_why(put):
    with pytest.raises(DataError, match=r"has 9 usable images, and 10 are needed; not used: x\.txt: it is not a PNG"):
        load_dataset(put(_good(9) | {"x.txt": b"text"}))


def test_nothing_is_an_error(tmp_path):
    with pytest.raises(DataError, match="0 usable images"):
        load_dataset(tmp_path)
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    with pytest.raises(DataError, match="0 usable images"):
        load_dataset(tmp_path / "empty.zip")


@pytest.mark.parametrize(
    ("limits", "reason", "used"),
    [
        (Limits(images=11), "more than 11 images", 11),
        (Limits(entries=11), "more than 11 files", 11),
        (Limits(decoded_bytes=11 * 3 * 64 * 64), "bytes of memory", 11),
        (Limits(total_pixels=11 * 2000), "have more than 22,000 pixels", 11),
        (Limits(total_bytes=75_000), "all files together", 12),
        (Limits(file_bytes=6_150), "larger than 6,150 bytes", 13),
        (Limits(pixels=2000), "40x51 pixels", 13),
    ],
)
def test_limits(put, limits, reason, used):
    files = _good(13) | {"zz.png": _picture(99, size=(40, 51))}
    sizes = [len(content) for content in files.values()]
    assert max(sizes[:13]) < 6_150 < sizes[13], "the pictures are of the sizes this test counts on"
    assert sum(sizes[:12]) < 75_000 < sum(sizes[:13])
    data = own_images(put(files), limits=limits)
    assert len(_everything(data)) == used
    assert reason in data.refused[0][1]
    assert len(data.refused) == (1 if "files" in reason and "11" in reason else 14 - used)


def test_links_and_pipes_in_a_folder_are_not_followed(tmp_path):
    top = tmp_path / "top"
    top.mkdir()
    for name, content in _good().items():
        (top / name).write_bytes(content)
    (tmp_path / "secret.png").write_bytes(_picture(80))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.png").write_bytes(_picture(81))
    (top / "link.png").symlink_to(tmp_path / "secret.png")
    (top / "linked").symlink_to(tmp_path / "more")
    (top / "loop").symlink_to(top)
    os.mkfifo(top / "pipe.png")
    data = load_dataset(top)
    assert len(_everything(data)) == 12
    assert {name: "link" in why for name, why in data.refused} == {
        "link.png": True, "linked": True, "loop": True, "pipe.png": False,
    }  # fmt: skip


def test_a_link_put_in_place_of_a_file_after_the_listing_is_not_followed(tmp_path):
    from vae_core.data.pictures import STARTS
    from vae_core.data.untrusted import Meter, RefusedError, entries

    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "a.png").write_bytes(_picture(0))
    (tmp_path / "secret.png").write_bytes(_picture(1))
    with entries(tmp_path / "top", Meter(Limits(), STARTS), Limits(), []) as [entry]:
        (tmp_path / "top" / "a.png").unlink()
        (tmp_path / "top" / "a.png").symlink_to(tmp_path / "secret.png")
        with pytest.raises(RefusedError):
            entry.read()


# --- hostile zips


def _zip(path, files, extra=lambda archive: None, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        extra(archive)
    return path


@pytest.mark.parametrize(
    "name", ["../up.png", "a/../../up.png", "/etc/up.png", "..\\up.png", "C:\\up.png", "c:up.png", "\\\\host\\up.png"]
)
def test_zip_names_that_point_outside_are_refused(tmp_path, name):
    before = set(tmp_path.parent.rglob("*"))
    data = load_dataset(_zip(tmp_path / "a.zip", _good() | {name: _picture(90)}))
    [(_, why)] = data.refused
    assert why == "its name points outside the zip"
    assert set(tmp_path.parent.rglob("*")) - before == {tmp_path / "a.zip"}, "nothing is ever extracted"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_zip_links_and_special_entries_are_refused(tmp_path, kind):
    info = zipfile.ZipInfo("link.png")
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    data = load_dataset(_zip(tmp_path / "a.zip", _good(), lambda archive: archive.writestr(info, "/etc/passwd")))
    assert data.refused == (("link.png", "it is a link or a special entry, and those are not followed"),)


def test_zip_bomb_is_stopped_while_reading(tmp_path):
    bomb = b"BM" + bytes(3_000_000)
    path = _zip(tmp_path / "a.zip", _good() | {"bomb.bmp": bomb})
    assert path.stat().st_size < 100_000
    data = load_dataset(path)
    assert data.refused == (("bomb.bmp", "it unpacks to more than 250 times its size, like a zip bomb"),)


def test_zip_header_that_lies_about_its_sizes(tmp_path):
    """An entry that claims 100 bytes and unpacks to 3 MB: what counts is what comes out."""
    path = _zip(tmp_path / "a.zip", _good() | {"bomb.bmp": b"BM" + bytes(3_000_000)})
    raw = path.read_bytes().replace(struct.pack("<I", 3_000_002), struct.pack("<I", 100))
    path.write_bytes(raw)
    data = load_dataset(path)
    assert len(_everything(data)) == 12
    assert [name for name, _ in data.refused] == ["bomb.bmp"]


def test_encrypted_and_oddly_packed_entries_are_refused(tmp_path):
    path = _zip(tmp_path / "a.zip", _good())
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\1\2")
    raw[at + 8] |= 1  # the directory's flag of its first entry
    path.write_bytes(raw)
    assert load_dataset(path).refused == (("00.png", "it is encrypted"),)
    for method in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        other = _zip(tmp_path / "b.zip", _good(), lambda a, m=method: a.writestr("odd.png", _picture(91), m))
        assert load_dataset(other).refused == (("odd.png", "it is packed in another way than deflate"),)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_twice_in_a_zip(tmp_path):
    path = _zip(tmp_path / "a.zip", _good(), lambda archive: archive.writestr("03.png", _picture(92)))
    assert load_dataset(path).refused == (("03.png", "the zip holds this name twice"),)


def test_a_damaged_entry_is_refused_alone(tmp_path):
    path = _zip(tmp_path / "a.zip", _good())
    raw = bytearray(path.read_bytes())
    raw[2_000] ^= 0xFF
    path.write_bytes(raw)
    data = load_dataset(path)
    assert len(data.refused) == 1
    assert len(_everything(data)) == 11


def test_a_directory_too_large_is_refused_before_it_is_read(tmp_path):
    path = _zip(tmp_path / "a.zip", {f"{'n' * 200}{i}": b"" for i in range(400)})
    with pytest.raises(DataError, match="directory of"):
        own_images(path, limits=Limits(directory_bytes=70_000))


def test_names_are_made_fit_to_show(tmp_path):
    data = load_dataset(_zip(tmp_path / "a.zip", _good() | {"evil\x1b[31m\n.png": b"x", "n" * 500: b"x"}))
    shown = dict.fromkeys(name for name, _ in data.refused)
    assert all(name.isprintable() and len(name) <= 200 for name in shown)
    assert len(shown) == 2


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"no zip" * 100, _picture(0)])
def test_what_is_no_zip_is_one_sentence(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DataError, match=r"neither a folder nor a readable \.zip"):
        load_dataset(tmp_path / "a.zip")


_BASE = io.BytesIO()
_zip(_BASE, {f"{'ab'[i % 2]}/{i}.png": _picture(i, size=(10, 10)) for i in range(12)})


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_zips_load_or_say_so(tmp_path, data):
    raw = bytearray(_BASE.getvalue())
    # Half of the damage goes to the directory, where the claims are.
    start = raw.index(b"PK\1\2")
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.one_of(st.integers(0, len(raw) - 1), st.integers(start, len(raw) - 1)))
        raw[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.zip"
    path.write_bytes(raw[: data.draw(st.one_of(st.just(len(raw)), st.integers(0, len(raw))))])
    try:
        loaded = own_images(path, limits=Limits(file_bytes=10_000, pixels=10_000))
    except DataError:
        return
    assert len(loaded.train) + len(loaded.validation) + len(loaded.test) >= 10


def test_a_folder_is_called_by_its_name_however_it_is_given(tmp_path, monkeypatch):
    (tmp_path / "my.photos" / "in").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "my.photos" / "in")
    given = [".", "..", "./", "../in/", str(tmp_path / "my.photos") + "/", "/", "../x.zip"]
    assert [title_of(Path(path)) for path in given] == ["in", "my.photos", "in", "in", "my.photos", "images", "x"]


def test_files_are_refused_by_the_names_that_a_person_knows(tmp_path):
    content = _good(12)
    for name, bytes_ in (content | {"12.png": content["03.png"], "13.png": b"text"}).items():
        (tmp_path / name).write_bytes(bytes_)
    data = own_images(tmp_path, names={"03.png": "beach.jpg", "12.png": "beach copy.jpg", "13.png": "notes.png"})
    assert set(data.refused) == {
        ("beach copy.jpg", "it is the same picture as beach.jpg"),
        ("notes.png", "it is not a PNG, JPEG, WebP, BMP or GIF image"),
    }
    with pytest.raises(DataError, match=r"^holiday is neither a folder"):
        own_images(tmp_path / "13.png", title="holiday")


@pytest.mark.parametrize("seed", range(6))
def test_drawings_that_are_equal_once_centred_are_used_and_lie_in_one_part(tmp_path, seed):
    rng = np.random.default_rng(seed)
    marks = [np.kron(rng.integers(0, 2, (5, 5)), np.full((4, 4), 255)).astype(np.uint8) for _ in range(15)]
    for i, drawn in enumerate(marks):
        for k, (down, across) in enumerate(((20, 20), (30, 35))):
            page = np.zeros((80, 80), np.uint8)
            page[down : down + 20, across : across + 20] = drawn
            Image.fromarray(page).save(tmp_path / f"{i:02d}-{k}.png")
    found = own_images(tmp_path, image=(1, 28, 28), preparation=Preparation("centre"))
    parts = [{x.numpy().tobytes() for x in split.x} for split in (found.train, found.validation, found.test)]
    assert not found.refused and len(found.train) + len(found.validation) + len(found.test) == 30
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
    assert min(map(len, (found.train, found.validation, found.test))) >= 2

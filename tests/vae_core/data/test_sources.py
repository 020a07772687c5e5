import io
import os
import stat
import tarfile
import tempfile

import numpy as np
import pytest
from PIL import Image

from vae_core.data import NAMES, DataError, available, celeba, cifar, load_dataset, roots


def test_names_are_the_contract():
    assert NAMES == ("digits", "mnist5k", "mnist", "fashion_mnist", "cifar10", "celeba", "shapes", "names", "made_up_names")


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "celeba", "names"])
def test_a_missing_set_says_where_it_was_looked_for_and_how_to_get_it(name, tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "b"))
    with pytest.raises(DataError) as caught:
        load_dataset(name, root=tmp_path / "a")
    message = str(caught.value)
    assert str(tmp_path / "a") in message and str(tmp_path / "b") in message
    assert f"`python -m vae_core fetch {name}`" in message and "VAE_DATA" in message
    assert message.endswith(".") and "\n" not in message


def test_available_tells_what_is_ready(tmp_path):
    states = {name: (state, how) for name, _, state, how in available()}
    assert tuple(states) == NAMES
    assert [name for name, (state, _) in states.items() if state == "ready"] == ["digits", "mnist5k", "shapes", "made_up_names"]
    assert "fetch mnist" in states["mnist"][1]
    pack = tmp_path / celeba.PACK
    pack.parent.mkdir(parents=True)
    pack.touch()
    assert {n: s for n, _, s, _ in available(tmp_path)}["celeba"] == "ready"


@pytest.mark.parametrize("name", ["nothing", "", "no/such/folder", "x" * 5000, "~nobody-here/x", "a\0b"])
def test_an_unknown_name_is_one_sentence(name):
    with pytest.raises(DataError, match="There is no data set"):
        load_dataset(name)


def test_a_size_is_for_own_images():
    assert load_dataset("digits", size=8).image == (1, 8, 8)
    with pytest.raises(DataError, match="comes at 8x8"):
        load_dataset("digits", size=28)
    with pytest.raises(DataError, match="comes as text"):
        load_dataset("made_up_names", size=28)


def test_roots_in_order(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA", roots.os.pathsep.join([str(tmp_path / "b"), "", str(tmp_path / "c")]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "d"))
    expected = [tmp_path / "a", tmp_path / "b", tmp_path / "c", tmp_path / "d" / "latent-explorer" / "data"]
    assert roots.search_roots(tmp_path / "a") == expected
    assert roots.search_roots() == expected[1:]


@pytest.fixture
def no_home(tmp_path, monkeypatch):
    """A user without a home folder; gives the folder for temporary files."""
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "HOME", "LATENT_EXPLORER_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pytest.importorskip("pwd"), "getpwuid", {}.__getitem__)
    assert os.path.expanduser("~") == "~"
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return temporary


def test_without_a_home_sets_are_found_in_named_folders(no_home, tmp_path, monkeypatch):
    _pack(tmp_path / "data" / celeba.PACK, [_jpeg((89, 109), seed) for seed in range(20)])
    monkeypatch.setenv("VAE_DATA", f"{tmp_path / 'data'}{os.pathsep}~nobody/data")
    first = load_dataset("celeba")
    assert list(no_home.rglob("celeba-*.npy")), "what was decoded is kept among the temporary files"
    assert load_dataset("celeba").fingerprint == first.fingerprint
    with pytest.raises(DataError, match="MNIST is not on this computer"):
        load_dataset("mnist")


def test_without_a_home_the_cache_is_the_users_alone(no_home):
    private = roots.cache_folder().parents[1]
    assert private.parent == no_home and stat.S_IMODE(private.stat().st_mode) == 0o700
    assert roots.cache_folder() == roots.cache_folder()


def test_a_folder_that_others_can_write_to_is_not_used(no_home):
    taken = no_home / f"latent-explorer-{os.getuid()}"
    taken.mkdir()
    taken.chmod(0o777)
    assert taken not in roots.cache_folder().parents


def test_without_a_home_or_temporary_files_sets_still_load(no_home, tmp_path, monkeypatch):
    def none():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    _pack(tmp_path / "data" / celeba.PACK, [_jpeg((89, 109), seed) for seed in range(20)])
    assert len(load_dataset("celeba", root=tmp_path / "data").train) > 0


# --- CIFAR-10, in batches of 40 instead of 10,000


@pytest.fixture
def batches(monkeypatch):
    monkeypatch.setattr(cifar, "_BATCH", 40 * 3073)
    monkeypatch.setattr(cifar, "VALIDATION", 20)
    rng = np.random.default_rng(0)
    made = {}
    for name in (name for part in cifar.BATCHES for name in part):
        records = rng.integers(0, 256, (40, 3073), np.uint8)
        records[:, 0] %= 10
        made[name] = records.tobytes()
    return made


def _tar(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def test_cifar_archive_and_folder_give_the_same_images(batches, tmp_path, check_splits):
    _tar(tmp_path / cifar.ARCHIVE, [("cifar-10-batches-bin/readme.html", b"x"),
                                    *((f"cifar-10-batches-bin/{n}", c) for n, c in batches.items())])  # fmt: skip
    packed = load_dataset("cifar10", root=tmp_path)
    assert check_splits(packed) == (180, 20, 40)
    assert packed.image == (3, 32, 32)
    assert [path.name for path in tmp_path.iterdir()] == [cifar.ARCHIVE], "nothing is unpacked beside it"
    (tmp_path / "b" / cifar.FOLDER).mkdir(parents=True)
    for name, content in batches.items():
        (tmp_path / "b" / cifar.FOLDER / name).write_bytes(content)
    assert load_dataset("cifar10", root=tmp_path / "b").fingerprint == packed.fingerprint
    known = {c[i + 1 : i + 3073]: c[i] for c in batches.values() for i in range(0, len(c), 3073)}
    assert [known[image.tobytes()] for image in packed.test.x.numpy()] == packed.test.y.tolist()


def test_cifar_archive_that_is_not_it(batches, tmp_path, monkeypatch):
    path = tmp_path / cifar.ARCHIVE
    path.write_bytes(b"\x1f\x8b and nothing more")
    with pytest.raises(DataError, match="cannot be read"):
        load_dataset("cifar10", root=tmp_path)
    _tar(path, list(batches.items())[:5])
    with pytest.raises(DataError, match="does not hold test_batch"):
        load_dataset("cifar10", root=tmp_path)
    bad = dict(batches, **{"test_batch.bin": b"\xff" + batches["test_batch.bin"][1:]})
    _tar(path, bad.items())
    with pytest.raises(DataError, match="the label 255"):
        load_dataset("cifar10", root=tmp_path)
    monkeypatch.setattr(cifar, "_UNPACKED_LIMIT", 2**20)
    _tar(path, [("bomb", bytes(2**22)), *batches.items()])
    with pytest.raises(DataError, match="unpacks to more than"):
        load_dataset("cifar10", root=tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError):
        load_dataset("cifar10", root=tmp_path)


def test_cifar_says_which_batch_is_missing_and_may_be_named_itself(batches, tmp_path):
    folder = tmp_path / cifar.FOLDER
    folder.mkdir()
    for name, content in batches.items():
        (folder / name).write_bytes(content)
    for root in (tmp_path, folder):
        assert len(load_dataset("cifar10", root=root).test) == 40
    (folder / "data_batch_3.bin").unlink()
    for root in (tmp_path, folder):
        with pytest.raises(DataError, match=r"not complete .* 5 of the 6 files and lacks data_batch_3\.bin\. To get it"):
            load_dataset("cifar10", root=root)


def test_cifar_pickles_are_never_opened(tmp_path):
    (tmp_path / "cifar-10-batches-py").mkdir()
    # Opening this pickle would raise SystemExit.
    (tmp_path / "cifar-10-batches-py" / "data_batch_1").write_bytes(b"cbuiltins\nexit\n(tR.")
    with pytest.raises(DataError, match=r"pickle can run code.*fetch cifar10"):
        load_dataset("cifar10", root=tmp_path)


# --- CelebA: a pack of 40 and a whole set of 30


def _jpeg(size, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 5, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(out, "JPEG")
    return out.getvalue()


def _pack(path, files, **changes):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    arrays = {
        "jpeg": np.frombuffer(b"".join(files), np.uint8),
        "offsets": np.cumsum([0, *map(len, files)]),
        "attributes": rng.integers(0, 2, (len(files), 3), np.uint8),
        "attribute_names": np.array(["Smiling", "Male", "Young"]),
    }
    np.savez_compressed(path, **(arrays | changes))
    return arrays


def test_celeba_pack_is_cropped_and_kept(tmp_path, check_splits):
    files = [_jpeg((89, 109), seed) for seed in range(40)]
    arrays = _pack(tmp_path / celeba.PACK, files)
    told = []
    data = load_dataset("celeba", root=tmp_path, progress=lambda *args: told.append(args))
    assert check_splits(data) == (34, 2, 4)
    assert data.image == (3, 64, 64)
    assert data.attribute_names == ("Smiling", "Male", "Young")
    assert told[-1][1:] == (40, 40)
    expected = {
        np.asarray(Image.open(io.BytesIO(f)).crop((7, 17, 82, 92)).resize((64, 64), Image.Resampling.LANCZOS))
        .transpose(2, 0, 1).tobytes(): attributes.tolist()
        for f, attributes in zip(files, arrays["attributes"], strict=True)
    }  # fmt: skip
    got = [expected[image.tobytes()] for image in data.train.x.numpy()]
    assert got == data.train.attributes.tolist()
    kept = list((roots.cache_folder() / "decoded").iterdir())
    assert [path.suffix for path in kept] == [".npy"]
    told.clear()
    assert load_dataset("celeba", root=tmp_path, progress=told.append).fingerprint == data.fingerprint
    assert not told, "the second time nothing is decoded"
    kept[0].write_bytes(b"not an array")
    assert load_dataset("celeba", root=tmp_path).fingerprint == data.fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"offsets": np.arange(30)},
        {"offsets": np.arange(31)[::-1].copy()},
        {"jpeg": np.zeros(5, np.int64)},
        {"attributes": np.full((30, 3), 7, np.uint8)},
        {"attributes": np.zeros((29, 3), np.uint8)},
        {"attribute_names": np.array([{"a": 1}, print, None], dtype=object)},
    ],
)
def test_celeba_pack_that_does_not_fit_is_refused(tmp_path, changes):
    _pack(tmp_path / celeba.PACK, [_jpeg((89, 109), seed) for seed in range(30)], **changes)
    with pytest.raises(DataError):
        load_dataset("celeba", root=tmp_path)


def test_celeba_pack_with_a_wrong_image_is_refused(tmp_path):
    for wrong in (b"no image at all", _jpeg((90, 109), 0), _jpeg((89, 109), 0)[:300]):
        _pack(tmp_path / celeba.PACK, [wrong, *(_jpeg((89, 109), seed) for seed in range(30))])
        with pytest.raises(DataError, match=r"Image 0 of .* cannot be decoded"):
            load_dataset("celeba", root=tmp_path)
    (tmp_path / celeba.PACK).write_bytes(b"PK\3\4 but not a zip")
    with pytest.raises(DataError, match="not a readable pack"):
        load_dataset("celeba", root=tmp_path)


@pytest.mark.parametrize("side", [9_700, 60_000])
def test_a_face_of_a_wrong_size_is_refused_before_it_is_decoded(tmp_path, recwarn, monkeypatch, side):
    """Image.open warns on stderr of a size like the first, and has an error of its own for one like the second."""
    monkeypatch.setattr(Image.Image, "convert", None)
    large = bytearray(_jpeg((89, 109), 0))
    at = large.index(b"\xff\xc0")
    large[at + 5 : at + 9] = side.to_bytes(2, "big") * 2
    _pack(tmp_path / celeba.PACK, [bytes(large), *(_jpeg((89, 109), seed) for seed in range(30))])
    with pytest.raises(DataError, match=rf"Image 0 of .* cannot be decoded: it is {side}x{side} pixels, and not 89x109"):
        load_dataset("celeba", root=tmp_path)
    assert not recwarn.list


def _full(folder, zipped, parts=(20, 4, 6)):
    import zipfile

    folder.mkdir(parents=True)
    which = np.repeat([0, 1, 2], parts)
    names = [f"{i + 1:06d}.jpg" for i in range(len(which))]
    files = {name: _jpeg((178, 218), i) for i, name in enumerate(names)}
    values = np.random.default_rng(0).choice([-1, 1], (len(which), 3))
    (folder / celeba.PARTITION).write_text("".join(f"{n} {w}\n" for n, w in zip(names, which, strict=True)))
    rows = "".join(f"{n} {' '.join(f'{v:2d}' for v in row)}\n" for n, row in zip(names, values, strict=True))
    (folder / celeba.ATTRIBUTES).write_text(f"{len(which)}\nSmiling Male Young \n{rows}")
    if zipped:
        with zipfile.ZipFile(folder / celeba.ARCHIVE, "w") as archive:
            for name, content in files.items():
                archive.writestr(f"{celeba.IMAGES}/{name}", content)
    else:
        (folder / celeba.IMAGES).mkdir()
        for name, content in files.items():
            (folder / celeba.IMAGES / name).write_bytes(content)
    return files, values


def test_celeba_full_keeps_the_official_partition(tmp_path, check_splits):
    files, values = _full(tmp_path / "a" / celeba.FOLDER, zipped=True)
    data = load_dataset("celeba", root=tmp_path / "a")
    assert check_splits(data) == (20, 4, 6)
    crops = [
        np.asarray(Image.open(io.BytesIO(f)).crop((14, 34, 164, 184)).resize((64, 64), Image.Resampling.LANCZOS))
        for f in files.values()
    ]
    assert (data.train.x.numpy() == np.stack(crops[:20]).transpose(0, 3, 1, 2)).all()
    assert (data.train.attributes.numpy() == (values[:20] > 0)).all()
    place = {crop.transpose(2, 0, 1).tobytes(): i for i, crop in enumerate(crops)}
    at = [place[image.tobytes()] for image in data.test.x.numpy()]
    assert sorted(at) == list(range(24, 30))
    assert (data.test.attributes.numpy() == (values[at] > 0)).all()
    _full(tmp_path / "b" / celeba.FOLDER, zipped=False)
    assert load_dataset("celeba", root=tmp_path / "b").fingerprint == data.fingerprint
    before = data.fingerprint
    data.train.x[0] = 0  # a caller's own copy: what is kept on disk stays
    assert load_dataset("celeba", root=tmp_path / "a").fingerprint == before


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (celeba.PARTITION, "000003.jpg", "../../secret", "not of CelebA"),
        (celeba.PARTITION, "000003.jpg 0", "000003.jpg 7", "does not part"),
        (celeba.PARTITION, "000003.jpg", "000099.jpg", "says nothing of 000099"),
        (celeba.ATTRIBUTES, "000003.jpg ", "000003.jpg 1 ", "does not give 000003"),
        (celeba.ATTRIBUTES, "000003.jpg", "\xff", "cannot be read"),
    ],
)
def test_celeba_full_with_wrong_lists_is_refused(tmp_path, file, old, new, message):
    _full(tmp_path / celeba.FOLDER, zipped=True)
    path = tmp_path / celeba.FOLDER / file
    path.write_bytes(path.read_text().replace(old, new).encode("latin-1"))
    with pytest.raises(DataError, match=message):
        load_dataset("celeba", root=tmp_path)


def test_celeba_says_what_is_missing_and_may_be_named_itself(tmp_path):
    folder = tmp_path / celeba.FOLDER
    _full(folder, zipped=True)
    for root in (tmp_path, folder):
        assert len(load_dataset("celeba", root=root).train) == 20
    (folder / celeba.ATTRIBUTES).rename(folder / "list_attr_celeba.csv")
    for root in (tmp_path, folder):
        with pytest.raises(DataError, match=r"has 2 of the 3 files and lacks list_attr_celeba\.txt\. To get it"):
            load_dataset("celeba", root=root)


def test_celeba_full_with_an_image_lacking_leaves_nothing_half_decoded(tmp_path):
    _full(tmp_path / celeba.FOLDER, zipped=False)
    (tmp_path / celeba.FOLDER / celeba.IMAGES / "000007.jpg").unlink()
    with pytest.raises(DataError, match="000007"):
        load_dataset("celeba", root=tmp_path)
    assert list((roots.cache_folder() / "decoded").iterdir()) == []

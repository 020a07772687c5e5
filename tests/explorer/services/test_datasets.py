"""The held-out images: the very ones, or none."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from explorer.services import datasets
from vae_core import load_dataset
from vae_core.data.sources import FIELDS_OF


def originals(source: str, fingerprint: str, of: str = "") -> np.ndarray | None:
    """Those of a model with that source, which says that it models the observations of the set `of`."""
    config = SimpleNamespace(modelled=FIELDS_OF.get(of or source, FIELDS_OF["digits"]))
    return datasets.originals(SimpleNamespace(source=source, fingerprint=fingerprint, config=config))


def test_the_images_are_those_of_the_test_split():
    digits = load_dataset("digits")
    np.testing.assert_array_equal(originals("digits", digits.fingerprint), digits.test.x.numpy())


def test_another_fingerprint_has_none():
    assert originals("digits", "0" * 64) is None


def test_a_model_of_other_observations_has_none():
    assert originals("digits", load_dataset("digits").fingerprint, of="names") is None


def test_a_set_that_is_not_here_has_none(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert originals("fashion_mnist", "") is None
    assert originals("my photos", "") is None


def test_the_table_says_what_is_here_and_how_to_get_the_rest(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    table = {found.name: found for found in datasets.statuses()}
    assert table["digits"].ready and not table["digits"].fetchable
    assert not table["mnist"].ready and table["mnist"].fetchable and "VAE_DATA" in table["mnist"].about


def test_the_table_says_which_file_is_missing(tmp_path, monkeypatch):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train-images-idx3-ubyte.gz", "train-labels.idx1-ubyte", "t10k-images-idx3-ubyte"):
        (raw / name).touch()
    monkeypatch.setenv("VAE_DATA", str(raw))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    about = {found.name: found.about for found in datasets.statuses()}
    assert about["mnist"].startswith(f"Not complete: {raw} has 3 of the 4 files and lacks t10k-labels-idx1-ubyte. Fetch it, ")


def test_a_fetch_that_fails_says_why_and_can_be_tried_again(tmp_path, monkeypatch, until):
    monkeypatch.setenv("VAE_DATA", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for proxy in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    for _ in range(2):
        job = datasets.fetch("fashion_mnist")
        until(job, "failed")
        found = next(found for found in datasets.statuses() if found.name == "fashion_mnist")
        assert not found.ready and not found.fetching and "could not be downloaded" in found.problem

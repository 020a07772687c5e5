"""A checkpoint comes back as it was written; a hostile or broken file gives one clear error and runs no code."""

from __future__ import annotations

import json
import pickle
import struct

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from vae_core import checkpoint
from vae_core.checkpoint import Checkpoint, CheckpointError, HeldOut, file
from vae_core.checkpoint.header import MOST_CLASS_BYTES
from vae_core.config import (
    ConvConfig,
    LikelihoodConfig,
    MLPConfig,
    ModelConfig,
    NetConfig,
    PosteriorConfig,
    ResidualConfig,
)
from vae_core.data import Dataset, Split
from vae_core.data.provenance import LONGEST_RECORD, MOST_RECORDS, RECORD
from vae_core.metrics.table import METRICS
from vae_core.models.build import build_model
from vae_core.models.samplers import FittedGaussian
from vae_core.training.run import MOST_POINTS
from vae_core.zoo import model_config

NETS = [MLPConfig(hidden=(12,)), ConvConfig((4, 6), (8,)), ResidualConfig((4,), (8,))]


def make(net: NetConfig = NETS[0], posterior: str = "gaussian", likelihood: str = "bernoulli", n: int = 7) -> Checkpoint:
    torch.manual_seed(0)
    config = ModelConfig.for_images(
        (1, 8, 8), 3, net, PosteriorConfig.of(posterior), likelihood=LikelihoodConfig.of(likelihood)
    )
    held_out = HeldOut(torch.randn(n, 3), torch.rand(n, 3), torch.rand(n), torch.rand(n), torch.rand(n), torch.arange(n))
    codes = FittedGaussian(torch.zeros(3), torch.eye(3))
    data = {"name": "digits", "classes": list("0123456")}
    return Checkpoint(build_model(config), data, {"steps": 3}, {"rate": 1.5}, held_out, codes, "A title")


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("good") / "a.safetensors"
    checkpoint.save(make(), path)
    return path.read_bytes()


def rewrite(tmp_path, good: bytes, change) -> str:
    """The good file with its tensors and header changed, read again: the error's text."""
    path = tmp_path / "bad.safetensors"
    path.write_bytes(good)
    tensors = load_file(path)
    length = struct.unpack("<Q", good[:8])[0]
    header = json.loads(json.loads(good[8 : 8 + length])["__metadata__"]["latent_explorer"])
    changed = change(tensors, header)
    tensors, header = changed if isinstance(changed, tuple) else (tensors, header)
    save_file(tensors, path, {"latent_explorer": header if isinstance(header, str) else json.dumps(header)})
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(path)
    assert str(caught.value).startswith("bad.safetensors ") and str(caught.value).count("\n") == 0
    return str(caught.value)


@pytest.mark.parametrize("net", NETS, ids=lambda n: n.kind)
@pytest.mark.parametrize("posterior", ["gaussian", "deterministic"])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "gaussian-learned"])
def test_comes_back_bit_for_bit(tmp_path, net, posterior, likelihood):
    saved = make(net, posterior, likelihood)
    checkpoint.save(saved, tmp_path / "a.safetensors")
    loaded = checkpoint.load(tmp_path / "a.safetensors")
    assert loaded.config == saved.config
    assert (loaded.data, loaded.training, loaded.metrics, loaded.title) == (
        saved.data, saved.training, saved.metrics, saved.title,
    )  # fmt: skip
    for name, value in saved.model.state_dict().items():
        assert torch.equal(loaded.model.state_dict()[name], value), name
    for name in ("codes", "scale", "distortion", "rate", "mse", "labels"):
        assert torch.equal(getattr(loaded.held_out, name), getattr(saved.held_out, name)), name
    x = torch.rand(2, 1, 8, 8)
    saved.model.eval()
    assert torch.equal(loaded.model.reconstruct(x), saved.model.reconstruct(x))


def test_half_rounds_once_and_trains_again(tmp_path):
    saved = make()
    checkpoint.save(saved, tmp_path / "a.safetensors", half=True)
    loaded = checkpoint.load(tmp_path / "a.safetensors")
    for name, value in saved.model.state_dict().items():
        expected = value.half().float() if value.is_floating_point() and not name.startswith("codes_") else value
        assert torch.equal(loaded.model.state_dict()[name], expected), name
        assert loaded.model.state_dict()[name].dtype == value.dtype
    assert all(p.requires_grad for p in loaded.model.parameters())
    assert (tmp_path / "a.safetensors").stat().st_size < 0.7 * _size(tmp_path, saved)


def _size(tmp_path, saved: Checkpoint) -> int:
    checkpoint.save(saved, tmp_path / "full.safetensors")
    return (tmp_path / "full.safetensors").stat().st_size


def test_without_held_out_images(tmp_path):
    saved = make()
    saved.held_out = None
    checkpoint.save(saved, tmp_path / "a.safetensors")
    assert checkpoint.load(tmp_path / "a.safetensors").held_out is None


def test_header_alone(tmp_path):
    saved = make()
    checkpoint.save(saved, tmp_path / "a.safetensors")
    header = checkpoint.read_header(tmp_path / "a.safetensors")
    assert header["config"] == saved.config.to_json() and header["metrics"] == saved.metrics


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_not_written(tmp_path, value):
    saved = make()
    with torch.no_grad():
        next(saved.model.parameters()).view(-1)[0] = value
    with pytest.raises(CheckpointError, match="not finite"):
        checkpoint.save(saved, tmp_path / "a.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_value_too_large_for_half_is_not_written(tmp_path):
    saved = make()
    with torch.no_grad():
        next(saved.model.parameters()).view(-1)[0] = 1e6
    with pytest.raises(CheckpointError, match="not finite"):
        checkpoint.save(saved, tmp_path / "a.safetensors", half=True)


def test_a_failed_write_leaves_the_old_file(tmp_path, good):
    path = tmp_path / "a.safetensors"
    path.write_bytes(good)
    broken = make()
    broken.metrics = {"rate": float("nan")}
    with pytest.raises(ValueError, match="JSON"):
        checkpoint.save(broken, path)
    assert path.read_bytes() == good and len(list(tmp_path.iterdir())) == 1


@pytest.mark.slow
def test_truncated_at_every_length(tmp_path, good):
    path = tmp_path / "cut.safetensors"
    for end in range(len(good)):
        path.write_bytes(good[:end])
        with pytest.raises(CheckpointError):
            checkpoint.load(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_loads_or_gives_a_checkpoint_error(tmp_path, good, data):
    length = struct.unpack("<Q", good[:8])[0]
    place = data.draw(st.integers(0, 8 + length + 200))
    byte = data.draw(st.integers(0, 255))
    path = tmp_path / "changed.safetensors"
    path.write_bytes(good[:place] + bytes([byte]) + good[place + 1 :])
    try:
        checkpoint.load(path)
    except CheckpointError as error:
        assert str(error).startswith("changed.safetensors ")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=400))
def test_foreign_bytes(tmp_path, noise):
    path = tmp_path / "noise.safetensors"
    path.write_bytes(noise)
    with pytest.raises(CheckpointError):
        checkpoint.load(path)


class _Bomb:
    def __reduce__(self):
        return (open, ("pickle-was-run", "w"))


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_renamed_pickle_is_refused_and_not_run(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "pickle.safetensors"
    path.write_bytes(pickle.dumps(_Bomb(), protocol=protocol))
    with pytest.raises(CheckpointError, match="nothing is unpickled"):
        checkpoint.load(path)
    assert not (tmp_path / "pickle-was-run").exists()


def test_a_torch_zip_is_refused(tmp_path):
    path = tmp_path / "zip.safetensors"
    torch.save({"a": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="nothing is unpickled"):
        checkpoint.load(path)


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d" * 32 + b"\nsize 4191064\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (LFS, "is a pointer of Git LFS .*git lfs pull"),
        (LFS.replace(b"\n", b"\r\n"), "is a pointer of Git LFS"),
        (LFS.replace(b"https://git-lfs.github.com", b"https://hawser.github.com"), "is a pointer of Git LFS"),
        (b"<!DOCTYPE html>\n<html><head><title>models</title>", "is a web page"),
        (b"\xef\xbb\xbf\n  <HTML lang=en>" + b"a" * 5000, "is a web page"),
        ("<html><body>é</body></html>".encode("utf-16"), "is a web page"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "is a web page"),
        (b'{"message": "Not Found"}', "is a JSON file"),
        ("Zu viele Anfragen, bitte später.\n".encode() * 100, "is a text file"),
        (b"no", "is a text file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is a picture"),
        (b"\x1f\x8b\x08" + b"\xff" * 50, "is a compressed archive"),
        (b"\x01\x02", "is too short"),
        (b"\xfe\xed" * 40, "is not a checkpoint: it does not begin with a header of sensible length"),
    ],
)
def test_what_is_no_checkpoint_is_told_for_what_it_is(tmp_path, content, message):
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"^a\.safetensors {message}"):
        checkpoint.load(path)


def test_a_huge_header(tmp_path):
    path = tmp_path / "huge.safetensors"
    path.write_bytes(struct.pack("<Q", checkpoint.MAX_HEADER_BYTES + 1) + b" " * 100)
    with pytest.raises(CheckpointError, match="sensible length"):
        checkpoint.load(path)


def test_a_header_that_claims_more_than_the_file_holds(tmp_path):
    path = tmp_path / "claims.safetensors"
    path.write_bytes(struct.pack("<Q", 5000) + b"{}")
    with pytest.raises(CheckpointError, match="claims more"):
        checkpoint.load(path)


def test_too_large_a_file(tmp_path, good, monkeypatch):
    monkeypatch.setattr(file, "MAX_FILE_BYTES", 1000)
    path = tmp_path / "large.safetensors"
    path.write_bytes(good)
    with pytest.raises(CheckpointError, match="at most"):
        checkpoint.load(path)


def test_a_missing_file_and_a_folder(tmp_path):
    for path in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises(CheckpointError, match="cannot be read"):
            checkpoint.load(path)


def test_foreign_safetensors(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="not a checkpoint of Latent Explorer"):
        checkpoint.load(path)


HOW = {"frame": "crop", "invert": False, "grey": False, "box": 0.7, "middle": [0.5, 0.5]}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("version", 99, "update it"),
        ("version", "1", "no format version"),
        ("version", True, "no format version"),
        ("surprise", 1, "unknown header field"),
        ("config", None, "cannot be built"),
        ("title", 3, "'title' that is not a line"),
        ("title", "a\nb", "'title' that is not a line"),
        ("title", "\ud800", "'title' that is not a line"),
        ("title", "a" * 2000, "'title' that is not a line"),
        ("data", [], "'data' that is not an object"),
        ("data", {"name": 5}, "'data.name'"),
        ("data", {"classes": None}, "'data.classes'"),
        ("data", {"classes": ["a"] * 32_769}, "'data.classes' that is not a list of at most 32,768"),
        ("data", {"classes": ["a" * 900] * 2500}, "'data.classes' that is not a list of at most 2,097,152 bytes"),
        ("data", {"classes": ["a" * 1001]}, "'data.classes'"),
        ("data", {"split_by": 1}, "'data.split_by'"),
        ("data", {"split_by": "chance"}, "'data.split_by' that is not 'content' or 'folders'"),
        ("data", {"split_by": ""}, "'data.split_by' that is not 'content' or 'folders'"),
        ("data", {"split_by": ["content"]}, "'data.split_by' that is not 'content' or 'folders'"),
        ("data", {"trained_before": {}}, "'data.trained_before' that is not a list of at most 32"),
        ("data", {"trained_before": [{}] * 33}, "'data.trained_before' that is not a list of at most 32"),
        ("data", {"trained_before": [{}, 1]}, "'data.trained_before[1]' that is not an object"),
        ("data", {"trained_before": [{"classes": []}]}, "unknown header field 'data.trained_before[0].classes'"),
        ("data", {"trained_before": [{"title": "a" * 201}]}, "'data.trained_before[0].title' that is not a line of at most"),
        ("data", {"trained_before": [{"split_by": "chance"}]}, "'data.trained_before[0].split_by'"),
        ("data", {"preparation": {}}, "'data.preparation'"),
        ("data", {"preparation": HOW | {"frame": "sideways"}}, "'data.preparation'"),
        ("data", {"preparation": HOW | {"grey": 1}}, "'data.preparation'"),
        ("data", {"preparation": HOW | {"box": 1e9}}, "'data.preparation'"),
        ("data", {"preparation": HOW | {"middle": [0.5]}}, "'data.preparation'"),
        ("data", {"preparation": HOW | {"middle": 3}}, "'data.preparation'"),
        ("data", {"path": "/"}, "unknown header field 'data.path'"),
        ("metrics", {"rate": "x"}, "'metrics.rate'"),
        ("metrics", {"rate": True}, "'metrics.rate'"),
        ("metrics", {"rate": 10**400}, "'metrics.rate'"),
        ("metrics", {"rate": [1, 2]}, "'metrics.rate'"),
        ("metrics", {"rate_by_group": [1, None]}, "'metrics.rate_by_group'"),
        ("metrics", {"rate": {"a": {"b": 1}}}, "'metrics.rate'"),
        ("metrics", {"mse": -0.1}, "'metrics.mse' that is not a number from 0 to 1"),
        ("metrics", {"mse": 1e299}, "'metrics.mse'"),
        ("metrics", {"ssim": 7}, "'metrics.ssim'"),
        ("metrics", {"mig": -0.5}, "'metrics.mig'"),
        ("metrics", {"rate": -2}, "'metrics.rate'"),
        ("metrics", {"distortion": 1e299}, "'metrics.distortion'"),
        ("metrics", {"distortion": -1e299}, "'metrics.distortion'"),
        ("metrics", {"negative_elbo": 1e16}, "'metrics.negative_elbo'"),
        ("metrics", {"distortion_se": -1}, "'metrics.distortion_se'"),
        ("metrics", {"n": 0}, "'metrics.n'"),
        ("metrics", {"active_units": 2.5}, "'metrics.active_units' that is not a whole number"),
        ("metrics", {"active_units": -1}, "'metrics.active_units'"),
        ("metrics", {"rate_by_group": [1, -2]}, "'metrics.rate_by_group'"),
        ("metrics", {"mig_by_factor": {"x": 2}}, "'metrics.mig_by_factor'"),
        ("metrics", {"mig_by_factor": {"a\nb": 0.2}}, "'metrics.mig_by_factor'"),
        ("metrics", {"some_new_figure": 1e299}, "'metrics.some_new_figure'"),
        ("training", {"steps": -1}, "'training.steps'"),
        ("training", {"seconds": -1}, "'training.seconds'"),
        ("training", {"epochs": 1e299}, "'training.epochs'"),
        ("training", {"curve": [{"step": -1}]}, "'training.curve.step'"),
        ("training", {"curve": [{"step": 1, "train_loss": 1e299}]}, "'training.curve.train_loss'"),
        ("training", {"curve": [{"step": 1, "lr": -1}]}, "'training.curve.lr'"),
        ("training", {"seconds": None}, "'training.seconds'"),
        ("training", {"curve": [[1]]}, "'training.curve'"),
        ("training", {"curve": [{}]}, "'training.curve.step'"),
        ("training", {"curve": [{"step": 1, "train_loss": [1]}]}, "'training.curve.train_loss'"),
        ("training", {"config": {"epochs": -1}}, "cannot be"),
    ],
)
def test_wrong_header_fields(tmp_path, good, key, value, message):
    assert message in rewrite(tmp_path, good, lambda t, h: h.__setitem__(key, value))


@pytest.mark.parametrize("name", METRICS)
def test_a_figure_may_have_its_whole_range_and_no_more(tmp_path, name):
    metric = METRICS[name]
    for value in (metric.lowest, metric.highest):
        saved = make()
        saved.metrics = {name: value}
        checkpoint.save(saved, tmp_path / "a.safetensors")
        assert checkpoint.load(tmp_path / "a.safetensors").metrics == {name: value}
    for value in (metric.lowest - 1, 1.01 * metric.highest + 1):
        saved.metrics = {name: value}
        with pytest.raises(CheckpointError, match=f"'metrics.{name}' that is not a"):
            checkpoint.save(saved, tmp_path / "b.safetensors")


def test_figures_that_are_not_in_the_table_are_kept(tmp_path):
    saved = make()
    saved.metrics = {"some_new_figure": -12.5, "mig_by_factor": {"size": 0.25}, "rate_by_group": [0.5, 0.25]}
    checkpoint.save(saved, tmp_path / "a.safetensors")
    assert checkpoint.load(tmp_path / "a.safetensors").metrics == saved.metrics


@pytest.mark.parametrize("count", [256, 300, 20_000, 32_768])
def test_many_classes(tmp_path, count):
    saved = make()
    saved.data["classes"] = [f"class {i} \u00e9\u4e00" for i in range(count)]
    saved.held_out.labels = torch.tensor([0, 1, 2, 254, 255, count - 2, count - 1])
    checkpoint.save(saved, tmp_path / "a.safetensors")
    loaded = checkpoint.load(tmp_path / "a.safetensors")
    assert loaded.data["classes"] == saved.data["classes"] and torch.equal(loaded.held_out.labels, saved.held_out.labels)


def test_the_longest_names_and_the_longest_curve_fit_in_one_header(tmp_path):
    saved = make()
    # Letters outside the basic plane take the most: 12 bytes of JSON, 14 where that is a string of JSON again.
    count = 32_000
    saved.data["classes"] = ["\U0001d538" * ((MOST_CLASS_BYTES // count - 4) // 12)] * count
    record = {**dict.fromkeys(RECORD, "\U0001d538" * LONGEST_RECORD), "split_by": "content"}
    saved.data["trained_before"] = [record] * MOST_RECORDS
    names = ("beta", "lr", *(f"{part}_{term}" for part in ("train", "validation") for term in ("loss", "distortion", "rate")))
    saved.training["curve"] = [{"step": 10**9, **dict.fromkeys(names, 0.12345678901234567)} for _ in range(MOST_POINTS)]
    checkpoint.save(saved, tmp_path / "a.safetensors")
    loaded = checkpoint.load(tmp_path / "a.safetensors")
    assert (loaded.training, loaded.data) == (saved.training, saved.data)


def data_set(**changes) -> Dataset:
    x = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    known = {"name": "own", "title": "Own", "about": ""} | dict.fromkeys(("train", "validation", "test"), Split(x))
    return Dataset(**known | changes)


@pytest.mark.parametrize(
    ("changes", "title", "message"),
    [
        ({"classes": ("a",) * 32_769}, "", "'data.classes' that is not a list of at most 32,768"),
        ({"classes": ("a" * 1000,) * 3000}, "", "shorten the names of the classes"),
        ({"classes": ("a\nb",)}, "", "'data.classes'"),
        ({"about": "a" * 1001}, "", "'data.about'"),
        ({}, "a\nb", "'title'"),
        ({"test": Split(torch.zeros(100_001, 1, 1, 1, dtype=torch.uint8))}, "", "100,001 test images"),
    ],
)
def test_what_no_checkpoint_can_hold_is_known_beforehand(changes, title, message):
    model = make().model
    checkpoint.check_storable(model, data_set(classes=tuple(map(str, range(20_000)))), "A title")
    with pytest.raises(CheckpointError, match=message):
        checkpoint.check_storable(model, data_set(**changes), title)


def test_a_model_too_large_for_any_checkpoint_is_known_beforehand():
    with torch.device("meta"):
        model = build_model(ModelConfig.for_images((1, 8, 8), 3, MLPConfig(hidden=(8192,) * 3)))
    with pytest.raises(CheckpointError, match=r"has up to 1,0\d\d MB, and at most 512 MB"):
        checkpoint.check_storable(model, data_set())


@pytest.mark.parametrize("key", ["title", "config", "data", "training", "metrics"])
def test_missing_header_fields(tmp_path, good, key):
    assert f"no header field '{key}'" in rewrite(tmp_path, good, lambda t, h: h.pop(key) and None)


def test_a_number_that_json_reads_as_infinite(tmp_path, good):
    def change(tensors, header):
        return tensors, json.dumps({**header, "metrics": {"rate": 12345}}).replace("12345", "1e400")

    assert "'metrics.rate'" in rewrite(tmp_path, good, change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["structure"].__setitem__("latent", 10**9), "latent"),
        (lambda c: c["structure"].__setitem__("latent", 4), "shape"),
        (lambda c: c["observation"]["fields"][0].__setitem__("width", 10**9), "ImageField.width"),
        (lambda c: c["net"].__setitem__("kind", "transformer"), "NetConfig.kind"),
        (lambda c: c["net"].__setitem__("surprise", 1), "no field"),
        (lambda c: c["net"].__setitem__("hidden", [8192] * 16), "lacks the tensor"),
        (lambda c: c["net"].__setitem__("hidden", [8192] * 10**5), "MLPConfig.hidden"),
    ],
)
def test_a_configuration_that_is_not_the_models(tmp_path, good, change, message):
    assert message in rewrite(tmp_path, good, lambda t, h: change(h["config"]))


def test_a_header_that_is_not_json(tmp_path, good):
    assert "not JSON" in rewrite(tmp_path, good, lambda t, h: (t, "{" * 10))
    assert "not JSON" in rewrite(tmp_path, good, lambda t, h: (t, "[" * 100_000))
    assert "not JSON" in rewrite(tmp_path, good, lambda t, h: (t, json.dumps({**h, "metrics": {"a": float("nan")}})))


def test_wrong_tensors(tmp_path, good):
    name = "model.encoder.body.1.weight"
    assert "lacks the tensor" in rewrite(tmp_path, good, lambda t, h: t.__delitem__(name))
    assert "has the tensor" in rewrite(tmp_path, good, lambda t, h: t.__setitem__("model.extra", torch.zeros(1)))
    assert "neither the model's" in rewrite(tmp_path, good, lambda t, h: t.__setitem__("junk", torch.zeros(1)))
    assert "stored as" in rewrite(tmp_path, good, lambda t, h: t.__setitem__(name, t[name].bfloat16()))
    assert "stored as" in rewrite(tmp_path, good, lambda t, h: t.__setitem__(name, t[name].long()))
    assert "stored as" in rewrite(tmp_path, good, lambda t, h: t.__setitem__(name, t[name].double()))
    assert "shape" in rewrite(tmp_path, good, lambda t, h: t.__setitem__(name, t[name].T.contiguous()))
    assert "not finite" in rewrite(tmp_path, good, lambda t, h: t[name].view(-1).__setitem__(3, float("nan")))


def test_wrong_held_out_tensors(tmp_path, good):
    codes = "held_out.codes"
    assert "does not know" in rewrite(tmp_path, good, lambda t, h: t.__delitem__(codes))
    assert "does not know" in rewrite(tmp_path, good, lambda t, h: t.__setitem__("held_out.x", torch.zeros(7)))
    assert "shape" in rewrite(tmp_path, good, lambda t, h: t.__setitem__("held_out.rate", torch.zeros(8)))
    assert "claims 0" in rewrite(tmp_path, good, lambda t, h: t.__setitem__(codes, torch.zeros(0, 3)))
    assert "stored as" in rewrite(tmp_path, good, lambda t, h: t.__setitem__("held_out.labels", torch.zeros(7)))
    assert "stored as" in rewrite(tmp_path, good, lambda t, h: t.__setitem__("held_out.labels", t["held_out.labels"].bool()))
    assert "labels" in rewrite(tmp_path, good, lambda t, h: t["held_out.labels"].fill_(7))
    assert "labels" in rewrite(tmp_path, good, lambda t, h: t["held_out.labels"].fill_(-1))
    assert "not finite" in rewrite(tmp_path, good, lambda t, h: t["held_out.mse"].fill_(float("inf")))
    assert "held_out.mse outside 0 to 1" in rewrite(tmp_path, good, lambda t, h: t["held_out.mse"].fill_(-1))
    assert "held_out.rate outside" in rewrite(tmp_path, good, lambda t, h: t["held_out.rate"].fill_(-2))
    assert "held_out.distortion outside" in rewrite(tmp_path, good, lambda t, h: t["held_out.distortion"].fill_(1e30))
    assert "held_out.scale that are negative" in rewrite(tmp_path, good, lambda t, h: t["held_out.scale"].fill_(-1))


def test_a_variance_below_zero(tmp_path):
    path = tmp_path / "a.safetensors"
    saved = make(NETS[1])
    checkpoint.save(saved, path)

    def change(tensors, header):
        tensors[next(name for name in tensors if name.endswith("running_var"))].fill_(-1)

    assert "negative" in rewrite(tmp_path, path.read_bytes(), change)


def test_a_loaded_model_does_not_change_with_its_file(tmp_path, good):
    path = tmp_path / "a.safetensors"
    path.write_bytes(good)
    loaded = checkpoint.load(path)
    before = {k: v.clone() for k, v in loaded.model.state_dict().items()}
    with path.open("r+b") as file:
        file.seek(len(good) // 2)
        file.write(b"\x01" * (len(good) - len(good) // 2))
    assert all(torch.equal(v, before[k]) for k, v in loaded.model.state_dict().items())


def test_what_would_not_load_is_not_written(tmp_path, good):
    path = tmp_path / "a.safetensors"
    path.write_bytes(good)
    saved = make()
    saved.held_out.distortion[3] = float("nan")
    with pytest.raises(CheckpointError, match=r"a\.safetensors has values in held_out\.distortion"):
        checkpoint.save(saved, path)
    assert path.read_bytes() == good


def test_wide_codes_are_kept_in_half_precision_files(tmp_path):
    saved = make()
    saved.codes = FittedGaussian(torch.full((3,), 1e6), torch.full((3, 3), 1e9))
    saved.held_out.distortion.fill_(1e6)
    checkpoint.save(saved, tmp_path / "a.safetensors", half=True)
    loaded = checkpoint.load(tmp_path / "a.safetensors")
    assert loaded.codes.mean.min() == loaded.held_out.distortion.min() == 1e6 and loaded.codes.covariance.min() == 1e9


def conditional(**changes) -> Checkpoint:
    torch.manual_seed(0)
    given = {"labels": torch.arange(5) % 3, "classes": list("abc")} | changes
    model = build_model(model_config("cvae", (1, 8, 8), 3, NETS[0], classes=3))
    return Checkpoint(model, {"classes": given["classes"]}, held_out=HeldOut(torch.randn(5, 3), labels=given["labels"]))


def test_a_conditional_model_comes_back_with_the_classes_of_its_held_out_images(tmp_path):
    saved = conditional()
    checkpoint.save(saved, tmp_path / "a.safetensors")
    found = checkpoint.load(tmp_path / "a.safetensors")
    assert found.config == saved.config and found.classes == ("a", "b", "c")
    wanted = saved.model.decode(saved.held_out.codes, saved.held_out.labels)
    torch.testing.assert_close(found.decode_held_out(slice(None)), wanted)
    torch.testing.assert_close(found.decode_held_out(slice(1, 3)), wanted[1:3])
    unnamed = conditional(classes=[])
    checkpoint.save(unnamed, tmp_path / "b.safetensors")
    assert checkpoint.load(tmp_path / "b.safetensors").classes == ("0", "1", "2")


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"labels": None}, "without the classes that its model is given"),
        ({"labels": torch.arange(5)}, "not among its 3 classes"),
        ({"classes": list("ab")}, "names 2 classes, and its model is given one of 3"),
    ],
)
def test_a_conditional_model_whose_classes_do_not_fit_is_refused(tmp_path, changes, said):
    with pytest.raises(CheckpointError, match=said):
        checkpoint.save(conditional(**changes), tmp_path / "a.safetensors")
    assert not list(tmp_path.glob("*"))


def test_images_without_classes_are_refused_before_a_conditional_model_is_trained():
    images = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    known, unknown = Split(images, torch.arange(4) % 3), Split(images, torch.arange(4) - 1)
    model = conditional().model
    checkpoint.check_storable(model, Dataset("a", "A", "", known, known, known, ("a", "b", "c")))
    for data in (Dataset("a", "A", "", known, known, unknown, ("a", "b", "c")), Dataset("a", "A", "", known, known, known)):
        with pytest.raises(CheckpointError, match="images of A have none"):
            checkpoint.check_storable(model, data)


def of_codes(codes: torch.Tensor | None = None) -> Checkpoint:
    torch.manual_seed(0)
    model = build_model(model_config("vq-vae", (1, 8, 8), 2, NETS[1]))
    codes = torch.randint(0, 128, (5, 2, 2)) if codes is None else codes
    return Checkpoint(model, {"name": "digits"}, held_out=HeldOut(codes, rate=torch.full((5,), 19.4)))


@pytest.mark.parametrize("half", [False, True])
def test_whole_numbers_of_a_codebook_come_back_as_such(tmp_path, half):
    saved = of_codes()
    checkpoint.save(saved, tmp_path / "a.safetensors", half=half)
    assert load_file(tmp_path / "a.safetensors")["held_out.codes"].dtype == torch.int16
    found = checkpoint.load(tmp_path / "a.safetensors")
    assert found.config == saved.config and found.held_out.codes.dtype == torch.int64 and found.codes is None
    assert torch.equal(found.held_out.codes, saved.held_out.codes)
    torch.testing.assert_close(found.decode_held_out(slice(None)), saved.model.decode(saved.held_out.codes), rtol=0, atol=2e-2)
    # The space has the vectors of the file.
    torch.testing.assert_close(
        found.model.space.vectors(saved.held_out.codes), saved.model.space.vectors(saved.held_out.codes), rtol=1e-2, atol=1e-3
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"held_out.codes": torch.full((5, 2, 2), 128, dtype=torch.int16)}, "not among the 128 of its codebook"),
        ({"held_out.codes": torch.full((5, 2, 2), -1, dtype=torch.int16)}, "not among the 128 of its codebook"),
        ({"held_out.codes": torch.zeros(5, 2, 2)}, "held_out.codes stored as F32"),
        ({"held_out.codes": torch.zeros(5, 4, dtype=torch.int16)}, "its configuration says (5, 2, 2)"),
        ({"held_out.scale": torch.ones(5, 2, 3)}, "its configuration says (5, 2, 2)"),
        ({"codes.mean": torch.zeros(2), "codes.covariance": torch.eye(2)}, "statistics of codes that are whole numbers"),
        ({"model.posterior.codebook.weight": torch.zeros(7, 16)}, "its configuration says (128, 16)"),
    ],
)
def test_codes_that_no_codebook_has_are_refused(tmp_path, changes, said):
    checkpoint.save(of_codes(), tmp_path / "a.safetensors")
    assert said in rewrite(tmp_path, (tmp_path / "a.safetensors").read_bytes(), lambda t, h: t.update(changes))


def test_a_vector_is_no_list_of_whole_numbers(tmp_path, good):
    codes = torch.zeros(7, 3, dtype=torch.int16)
    assert "held_out.codes stored as I16" in rewrite(tmp_path, good, lambda t, h: t.__setitem__("held_out.codes", codes))

"""One file, one model: safetensors with a JSON header. Nothing is ever unpickled, and nothing is half loaded.

The tensors are the model's (`model.<name>`, float16 or float32), the statistics of the codes of its training images
(`codes.<name>`) and those of the held-out images (`held_out.<name>`);
the header, under the metadata key `latent_explorer`, holds the format version, the configuration, the data set, how the
model was trained and its held-out figures. A file's claims are checked before anything is built from them.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from vae_core.checkpoint.foreign import HEAD_BYTES, described
from vae_core.checkpoint.header import HeaderError, check, check_data, check_title
from vae_core.checkpoint.upgrades import UPGRADES
from vae_core.config import ModelConfig
from vae_core.data.class_names import numbered_as
from vae_core.data.dataset import DataError, Dataset
from vae_core.data.preparation import Preparation, usual
from vae_core.data.provenance import trained_before
from vae_core.files import replacing
from vae_core.metrics.table import METRICS
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.models.objectives import build_objective
from vae_core.models.samplers import FittedGaussian

SUFFIX = ".safetensors"
VERSION = 2
MAX_FILE_BYTES = 512 * 2**20
MAX_HEADER_BYTES = 4 * 2**20
MAX_HELD_OUT = 100_000
IMAGES_FOR_PREPARATION = 500
"""Training images from which the usual preparation of pictures for a model is found."""
_KEY = "latent_explorer"
_PER_DIMENSION = ("codes", "scale")
_FLOATS, _INTEGERS = {"F16", "F32"}, {"I16", "I32", "I64"}
_RANGED = ("distortion", "rate", "mse")
"""Held-out figures of each image that have the range of their means."""


class CheckpointError(ValueError):
    """A file that is not a checkpoint this version can read; the message names the file and says why."""


@dataclass
class HeldOut:
    """Codes and figures of N images that the model was not trained on; pad and map work with them and without the images."""

    codes: Tensor
    """Mean codes of the top group, (N, *its shape): float32, or int64 where they are not continuous."""
    scale: Tensor | None = None
    """Standard deviations of the posterior, float32 (N, d); None where it has none."""
    distortion: Tensor | None = None
    """float32 (N,), nats."""
    rate: Tensor | None = None
    """float32 (N,), nats; None where it is not defined."""
    mse: Tensor | None = None
    """Mean squared error of the reconstruction at the mean code, float32 (N,)."""
    labels: Tensor | None = None
    """int64 (N,); None where the images have no classes."""


@dataclass
class Checkpoint:
    """A trained model with what it was trained on, how, and how good it is on held-out images."""

    model: Autoencoder
    data: dict[str, Any] = field(default_factory=dict)
    """`name`, `title`, `about`, `fingerprint` and `classes` of the data set, and `trained_before`, the data sets that the
    weights were trained on before it."""
    training: dict[str, Any] = field(default_factory=dict)
    """The TrainConfig under `config`, and the Summary's fields."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Held-out figures (`vae_core.metrics.evaluate`), measured on the weights as stored."""
    held_out: HeldOut | None = None
    codes: FittedGaussian | None = None
    """The Gaussian fitted to the codes of training images; None where they are all equal, or were not kept."""
    title: str = ""

    @property
    def config(self) -> ModelConfig:
        """The configuration of the model."""
        return self.model.config

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes of the data set, or numbers where a model is given a class that has no name."""
        named = tuple(self.data.get("classes", ()))
        return named or tuple(str(i) for i in range(max(self.model.conditions.values(), default=0)))

    def decode_held_out(self, rows: slice) -> Tensor:
        """E[x|z] at the codes of some held-out images, each with its own class where the model is given it: (N, C, H, W).

        Raises ValueError where there are no held-out images.
        """
        held_out = self.held_out
        if held_out is None:
            raise ValueError("This checkpoint stores no held-out images.")
        classes = held_out.labels[rows] if self.model.conditions and held_out.labels is not None else None
        return self.model.decode(held_out.codes[rows], classes)


def about(data: Dataset, start: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The description of a model's data set that a header holds.

    start: the `data` of the checkpoint that its training started from; None for new weights.
    """
    told: dict[str, Any] = {name: getattr(data, name) for name in ("name", "title", "about", "fingerprint")}
    if start is not None and (before := trained_before(start, data.fingerprint)):
        told["trained_before"] = before
    told["classes"] = list(data.classes)
    if data.split_by:
        told["split_by"] = data.split_by
    if data.train.tokens is not None:
        return told
    if data.split_by:
        preparation = data.preparation or Preparation("crop")
    else:
        preparation = usual(data.train.x[:IMAGES_FOR_PREPARATION].numpy())
    return told | {"preparation": asdict(preparation)}


def check_storable(model: Autoencoder, data: Dataset, title: str = "") -> None:
    """Raises CheckpointError where no checkpoint can hold what comes of training this model with these data.

    It looks at what is known before the first step: the title, the names of the classes, the number of held-out images and
    the size of the file; where the model is given a class, also that every image has one.
    """
    try:
        check_title(title)
        check_data(about(data))
    except HeaderError as error:
        raise CheckpointError(f"No checkpoint can be written of {data.title[:80]}: it {error}.") from None
    if model.capabilities.conditions:
        try:
            numbered_as(data, data.classes, training=True)
        except DataError as error:
            raise CheckpointError(str(error)) from None
    n = len(data.test)
    if not 1 <= n <= MAX_HELD_OUT:
        raise CheckpointError(f"{data.title} has {n:,} test images; a checkpoint holds the figures of 1 to {MAX_HELD_OUT:,}.")
    code = math.prod(model.config.structure.code_shape)
    numbers = sum(value.numel() for value in model.state_dict().values()) + n * (2 * code + 4)
    if (size := 4 * numbers + MAX_HEADER_BYTES) > MAX_FILE_BYTES:
        raise CheckpointError(
            f"A checkpoint of this model has up to {size / 2**20:,.0f} MB, and at most {MAX_FILE_BYTES // 2**20} MB are "
            "opened; take a smaller net or code."
        )


def is_half(path: Path) -> bool:
    """True if the file holds the model's weights as float16. Raises CheckpointError where it cannot be read."""
    shapes = _Reader(Path(path)).shapes
    return any(dtype == "F16" for name, (dtype, _) in shapes.items() if name.startswith("model."))


def save(checkpoint: Checkpoint, path: Path, *, half: bool = False) -> None:
    """Writes the file whole or not at all; with `half`, the model's weights and the held-out codes as float16.

    What was written is read before it takes the place of an older file. Raises CheckpointError where that fails: on values that
    are not finite, or that float16 cannot hold, and on a header that `header.check` refuses.
    """
    tensors = {f"model.{k}": v for k, v in stored(checkpoint.model, half).items()}
    if checkpoint.codes is not None:
        # Codes have any scale, which float16 does not hold.
        tensors |= {f"codes.{f.name}": getattr(checkpoint.codes, f.name).float() for f in fields(FittedGaussian)}
    for f in fields(HeldOut):
        value = getattr(checkpoint.held_out, f.name, None)
        if value is not None:
            dtype = torch.float16 if half and f.name in _PER_DIMENSION else torch.float32
            tensors[f"held_out.{f.name}"] = value.to(dtype if value.is_floating_point() else torch.int16)
    tensors = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    header = {
        "version": VERSION,
        "title": checkpoint.title,
        "config": checkpoint.config.to_json(),
        "data": checkpoint.data,
        "training": checkpoint.training,
        "metrics": checkpoint.metrics,
    }
    with replacing(path) as temporary:
        try:
            save_file(tensors, temporary, {_KEY: json.dumps(header)})
        except SafetensorError as error:
            raise CheckpointError(f"{path} cannot be written ({error}); make room or give another folder.") from None
        reader = _Reader(temporary, path.name)
        reader.model()
        reader.codes()
        reader.held_out()


def stored(model: Autoencoder, half: bool) -> dict[str, Tensor]:
    """The model's tensors as `save` writes them: those that inference needs, with `half` as float16."""
    kept = {name: value for name, value in model.state_dict().items() if name not in model.training_only}
    return {name: value.half() if half and value.is_floating_point() else value for name, value in kept.items()}


def read_header(path: Path) -> dict[str, Any]:
    """The header alone, in the newest version, with `config` checked; no tensor is read. Raises CheckpointError."""
    return _Reader(Path(path)).header


def load(path: Path, name: str | None = None) -> Checkpoint:
    """Reads a whole checkpoint. Raises CheckpointError, which calls the file by `name` if given, and has then built nothing."""
    reader = _Reader(Path(path), name)
    header = reader.header
    return Checkpoint(
        model=reader.model(),
        data=header["data"],
        training=header["training"],
        metrics=header["metrics"],
        held_out=reader.held_out(),
        codes=reader.codes(),
        title=header["title"],
    )


class _Reader:
    """Checks a file from the outside in: size, header length, tensor table, header, shapes, values."""

    def __init__(self, path: Path, name: str | None = None):
        self.path, self.name = path, name or path.name
        self._stored_names: dict[str, str] = {}
        self._check_envelope()
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                self.shapes = {}
                for name in file.keys():  # noqa: SIM118 (safe_open is no mapping)
                    piece = file.get_slice(name)
                    self.shapes[name] = (piece.get_dtype(), tuple(piece.get_shape()))
        except (SafetensorError, OSError) as error:
            raise self._error(f"is damaged or cut short ({error})") from None
        self.header = self._parse(metadata)
        self.config = ModelConfig.from_json(self.header["config"])
        named, given = len(self.header["data"].get("classes", ())), self.config.condition
        if given is not None and named not in (0, given.count):
            raise self._error(f"names {named} classes, and its model is given one of {given.count}")
        for tensor in self.shapes:
            if not tensor.startswith(("model.", "codes.", "held_out.")):
                raise self._error(f"has a tensor {tensor[:60]!r} that is neither the model's nor of codes or held-out images")

    def _error(self, what: str) -> CheckpointError:
        return CheckpointError(f"{self.name} {what.rstrip('.')}.")

    def _check_envelope(self) -> None:
        try:
            size = self.path.stat().st_size
            with self.path.open("rb") as file:
                start = file.read(HEAD_BYTES)
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror}") from None
        except ValueError:
            raise self._error("cannot be read: its name has a character that no file's name has") from None
        if size > MAX_FILE_BYTES:
            raise self._error(f"has {size / 2**20:,.0f} MB; at most {MAX_FILE_BYTES // 2**20} MB are opened")
        if len(start) < 8:
            raise self._error(described(start) or "is too short to be a checkpoint")
        (length,) = struct.unpack("<Q", start[:8])
        if length > MAX_HEADER_BYTES:
            what = described(start) or "is not a checkpoint: it does not begin with a header of sensible length"
            raise self._error(what)
        if length > size - 8:
            raise self._error("is cut short: its header claims more than the file holds")

    def _parse(self, metadata: dict[str, str]) -> dict[str, Any]:
        if set(metadata) != {_KEY}:
            raise self._error("is a safetensors file, but not a checkpoint of Latent Explorer")
        try:
            header = json.loads(metadata[_KEY], parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise self._error("has a header that is not JSON") from None
        version = header.get("version") if isinstance(header, dict) else None
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise self._error("has no format version")
        if version > VERSION:
            raise self._error(f"has format version {version}; this program reads up to {VERSION}: update it")
        try:
            for k in range(version, VERSION):
                header = UPGRADES[k].header(header)
                self._rename(UPGRADES[k].tensors)
            check(header)
        except HeaderError as error:
            raise self._error(str(error)) from None
        except ValueError as error:
            raise self._error(f"describes a model that cannot be built: {error}") from None
        return header

    def _rename(self, names: Mapping[str, str]) -> None:
        for old, new in names.items():
            if old in self.shapes:
                self.shapes[new] = self.shapes.pop(old)
                self._stored_names[new] = old

    def _tensors(self, prefix: str, wanted: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
        """The tensors under `prefix`, as float32 or int64, after their shapes and values were checked."""
        for name, shape in wanted.items():
            if self.shapes[prefix + name][1] != shape:
                found = self.shapes[prefix + name][1]
                raise self._error(f"has {prefix}{name} of shape {found}; its configuration says {shape}")
        out = {}
        with safe_open(self.path, framework="pt") as file:
            for name in wanted:
                # A copy: what safetensors gives is a view of the file, which may be replaced while the model is in use.
                value = file.get_tensor(self._stored_names.get(prefix + name, prefix + name)).clone()
                if value.is_floating_point():
                    value = value.float()
                    if not bool(torch.isfinite(value).all()):
                        raise self._error(f"has values in {prefix}{name} that are not finite")
                out[name] = value if value.is_floating_point() else value.long()
        return out

    def _names(self, prefix: str) -> set[str]:
        return {n.removeprefix(prefix) for n in self.shapes if n.startswith(prefix)}

    def model(self) -> Autoencoder:
        # On the meta device a configuration costs no memory, however large a model it claims.
        with torch.device("meta"):
            model = build_model(self.config)
        wanted = {name: value for name, value in model.state_dict().items() if name not in model.training_only}
        if wanted.keys() != self._names("model."):
            odd = sorted(wanted.keys() ^ self._names("model."))[0]
            which = "lacks" if odd in wanted else "has"
            raise self._error(f"{which} the tensor model.{odd[:80]}, unlike the model that it describes")
        for name, value in wanted.items():
            dtype = self.shapes[f"model.{name}"][0]
            if dtype not in (_FLOATS if value.is_floating_point() else _INTEGERS):
                raise self._error(f"has model.{name} stored as {dtype}")
        tensors = self._tensors("model.", {name: tuple(value.shape) for name, value in wanted.items()})
        for name, value in tensors.items():
            if name.endswith("running_var") and bool((value < 0).any()):
                raise self._error(f"has variances in model.{name} that are negative")
        model.load_state_dict(tensors, strict=False, assign=True)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model.objective = build_objective(self.config.objective, model.prior, self.config.code_size)
        model.requires_grad_(True)
        return model.eval()

    def codes(self) -> FittedGaussian | None:
        names = self._names("codes.")
        if not names:
            return None
        if not self.config.posterior.is_continuous:
            raise self._error("has statistics of codes that are whole numbers, which have no mean")
        latent = self.config.latent
        shapes = {"mean": (latent,), "covariance": (latent, latent)}
        if names != shapes.keys() or any(self.shapes[f"codes.{name}"][0] not in _FLOATS for name in names):
            raise self._error("has statistics of codes that are not a mean and a covariance")
        fitted = FittedGaussian(**self._tensors("codes.", shapes))
        # In files of version 1 zeros stand for statistics that were not kept.
        return fitted if bool(fitted.covariance.diagonal().sum() > 0) else None

    def held_out(self) -> HeldOut | None:
        names = self._names("held_out.")
        if not names:
            return None
        known = {f.name for f in fields(HeldOut)}
        if not names <= known or "codes" not in names:
            raise self._error("has held-out tensors that this program does not know")
        n = (self.shapes["held_out.codes"][1] or (0,))[0]
        if not 1 <= n <= MAX_HELD_OUT:
            raise self._error(f"claims {n} held-out images; 1 to {MAX_HELD_OUT} are read")
        shapes = {name: (n, *self.config.structure.code_shape) if name in _PER_DIMENSION else (n,) for name in names}
        codes = getattr(self.config.structure, "codes", None)
        integers = {"labels"} if codes is None else {"labels", "codes"}
        for name in names:
            if self.shapes[f"held_out.{name}"][0] not in (_INTEGERS if name in integers else _FLOATS):
                raise self._error(f"has held_out.{name} stored as {self.shapes[f'held_out.{name}'][0]}")
        held_out = HeldOut(**self._tensors("held_out.", shapes))
        for name in _RANGED:
            value, metric = getattr(held_out, name), METRICS[name]
            if value is not None and not bool(((value >= metric.lowest) & (value <= metric.highest)).all()):
                raise self._error(f"has values in held_out.{name} outside {metric.lowest:g} to {metric.highest:g}")
        if codes is not None and not (held_out.codes.min() >= 0 and held_out.codes.max() < codes):
            raise self._error(f"has held-out codes that are not among the {codes} of its codebook")
        if held_out.scale is not None and bool((held_out.scale < 0).any()):
            raise self._error("has standard deviations in held_out.scale that are negative")
        given = self.config.condition
        classes = len(self.header["data"].get("classes", ())) or (0 if given is None else given.count)
        if given is not None and held_out.labels is None:
            raise self._error("has held-out images without the classes that its model is given")
        if held_out.labels is not None and not (held_out.labels.min() >= 0 and held_out.labels.max() < classes):
            raise self._error(f"has held-out labels that are not among its {classes} classes")
        return held_out


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")

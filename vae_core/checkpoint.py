"""One file, one model: safetensors with a JSON header. Nothing is ever unpickled, and nothing is half loaded.

The tensors are the model's (`model.<name>`, float16 or float32) and those of the held-out images (`held_out.<name>`);
the header, under the metadata key `latent_explorer`, holds the format version, the configuration, the data set, how the
model was trained and its held-out figures. A file's claims are checked before anything is built from them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from vae_core.autoencoder import Autoencoder
from vae_core.config import ConfigError, ModelConfig
from vae_core.files import replacing

SUFFIX = ".safetensors"
VERSION = 1
UPGRADERS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""Header of version k to header of version k + 1."""
MAX_FILE_BYTES = 512 * 2**20
MAX_HEADER_BYTES = 4 * 2**20
MAX_HELD_OUT = 100_000
_KEY = "latent_explorer"
_FLOATS = {"F16", "F32"}


class CheckpointError(ValueError):
    """A file that is not a checkpoint this version can read; the message names the file and says why."""


@dataclass
class HeldOut:
    """What is known of N images that the model was not trained on; it lets pad and map work without the images."""

    codes: Tensor
    """Mean codes, float32 (N, d)."""
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
    """`name`, `title`, `about`, `fingerprint` and `classes` of the data set."""
    training: dict[str, Any] = field(default_factory=dict)
    """The TrainConfig under `config`, and the Summary's fields."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Held-out figures (`vae_core.metrics.evaluate`), measured on the weights as stored."""
    held_out: HeldOut | None = None
    title: str = ""

    @property
    def config(self) -> ModelConfig:
        return self.model.config


def save(checkpoint: Checkpoint, path: Path, *, half: bool = False) -> None:
    """Writes the file whole or not at all; with `half`, floating-point tensors of the model as float16.

    Raises CheckpointError where the model holds values that are not finite, or that float16 cannot hold.
    """
    tensors = {}
    for name, value in checkpoint.model.state_dict().items():
        value = value.detach().cpu()
        if value.is_floating_point():
            value = value.to(torch.float16 if half else torch.float32)
            if not bool(torch.isfinite(value).all()):
                kind = "float16" if half else "float32"
                raise CheckpointError(f"{path.name} was not written: {name} has values that are not finite in {kind}.")
        tensors[f"model.{name}"] = value.contiguous()
    for f in fields(HeldOut):
        value = getattr(checkpoint.held_out, f.name, None)
        if value is not None:
            small = value.to(torch.int16) if f.name == "labels" else value.to(torch.float16 if half else torch.float32)
            tensors[f"held_out.{f.name}"] = small.cpu().contiguous()
    header = {
        "version": VERSION,
        "title": checkpoint.title,
        "config": checkpoint.config.to_json(),
        "data": checkpoint.data,
        "training": checkpoint.training,
        "metrics": checkpoint.metrics,
    }
    with replacing(path) as temporary:
        save_file(tensors, temporary, {_KEY: json.dumps(header, allow_nan=False)})


def read_header(path: Path) -> dict[str, Any]:
    """The header alone, in the newest version, with `config` checked; no tensor is read. Raises CheckpointError."""
    return _Reader(Path(path)).header


def load(path: Path) -> Checkpoint:
    """Reads a whole checkpoint. Raises CheckpointError, and has then built nothing."""
    reader = _Reader(Path(path))
    header = reader.header
    return Checkpoint(
        model=reader.model(),
        data=header["data"],
        training=header["training"],
        metrics=header["metrics"],
        held_out=reader.held_out(),
        title=header["title"],
    )


class _Reader:
    """Checks a file from the outside in: size, header length, tensor table, header, shapes, values."""

    def __init__(self, path: Path):
        self.path = path
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
        try:
            self.config = ModelConfig.from_json(self.header["config"])
        except ConfigError as error:
            raise self._error(f"describes a model that cannot be built: {error}") from None

    def _error(self, what: str) -> CheckpointError:
        return CheckpointError(f"{self.path.name} {what.rstrip('.')}.")

    def _check_envelope(self) -> None:
        try:
            size = self.path.stat().st_size
            with self.path.open("rb") as file:
                start = file.read(8)
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror}") from None
        if size > MAX_FILE_BYTES:
            raise self._error(f"has {size / 2**20:,.0f} MB; at most {MAX_FILE_BYTES // 2**20} MB are opened")
        if len(start) < 8:
            raise self._error("is too short to be a checkpoint")
        (length,) = struct.unpack("<Q", start)
        if length > MAX_HEADER_BYTES and start.startswith((b"PK\x03\x04", b"\x80")):
            raise self._error("is a pickle or a zip archive; only .safetensors files are opened, nothing is unpickled")
        if length > MAX_HEADER_BYTES:
            raise self._error("is not a checkpoint: it does not begin with a header of sensible length")
        if length > size - 8:
            raise self._error("is cut short: its header claims more than the file holds")

    def _parse(self, metadata: dict[str, str]) -> dict[str, Any]:
        if _KEY not in metadata:
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
        for k in range(version, VERSION):
            header = UPGRADERS[k](header)
        wanted = {"version": int, "title": str, "config": dict, "data": dict, "training": dict, "metrics": dict}
        for key in header:
            if key not in wanted:
                raise self._error(f"has an unknown header field {key[:40]!r}")
        for key, kind in wanted.items():
            if not isinstance(header.get(key), kind):
                raise self._error(f"has no header field {key!r}")
        return header

    def _tensors(self, prefix: str, wanted: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
        """The tensors under `prefix`, as float32 or int64, after their shapes and values were checked."""
        for name, shape in wanted.items():
            if self.shapes[prefix + name][1] != shape:
                found = self.shapes[prefix + name][1]
                raise self._error(f"has {prefix}{name} of shape {found}; its configuration says {shape}")
        out = {}
        with safe_open(self.path, framework="pt") as file:
            for name in wanted:
                value = file.get_tensor(prefix + name)
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
            model = Autoencoder(self.config)
        wanted = dict(model.state_dict())
        if wanted.keys() != self._names("model."):
            odd = sorted(wanted.keys() ^ self._names("model."))[0]
            which = "lacks" if odd in wanted else "has"
            raise self._error(f"{which} the tensor model.{odd[:80]}, unlike the model that it describes")
        for name, value in wanted.items():
            dtype = self.shapes[f"model.{name}"][0]
            if (dtype in _FLOATS) != value.is_floating_point():
                raise self._error(f"has model.{name} stored as {dtype}")
        tensors = self._tensors("model.", {name: tuple(value.shape) for name, value in wanted.items()})
        model.load_state_dict(tensors, assign=True)
        model.requires_grad_(True)
        return model.eval()

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
        wide = {"codes", "scale"}
        shapes = {name: (n, self.config.latent) if name in wide else (n,) for name in names}
        for name in names:
            if (self.shapes[f"held_out.{name}"][0] in _FLOATS) == (name == "labels"):
                raise self._error(f"has held_out.{name} stored as {self.shapes[f'held_out.{name}'][0]}")
        return HeldOut(**self._tensors("held_out.", shapes))


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")

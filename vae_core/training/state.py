"""The training state on disk: all that a killed run needs to be resumed as if nothing had happened.

One safetensors file holds the weights, with those that only training needs, the tensors of the optimisers, the averaged and
the best weights, and a JSON header with the counters. No state of a generator is saved, because the random numbers of a step
are a function of the seed and the step (`batches`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from vae_core.config import ModelConfig, TrainConfig
from vae_core.config.version_1 import is_version_1, upgraded_model
from vae_core.files import PathError, replacing, writable
from vae_core.training.errors import TrainingError, writing_errors


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keeps the state at `path` for one run. Raises TrainingError where another run has it or no state can be written."""
    try:
        writable(path)
    except PathError as error:
        raise TrainingError(str(error)) from None
    lock = FileLock(path.with_suffix(".lock"))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise TrainingError(f"Another run is going on in {path.parent}; wait for its end or give another folder.") from None
    try:
        yield
    finally:
        lock.release()


MOST_TOLD = 4
"""Differing settings that a message names."""
_NONE = object()
_FORMER_BUFFERS = ("codes_mean", "codes_covariance")
"""Names of tensors of earlier versions, in which a model held statistics of its codes."""


class StateError(ValueError):
    """A training state that cannot be gone on from."""


@dataclass
class Counters:
    """Where a run stands."""

    step: int = 0
    steps: int = 0
    """Length of the run; 0 until a budget in seconds has fixed it."""
    engine: str = ""
    """The one that carries out its steps."""
    skipped: int = 0
    skipped_in_a_row: int = 0
    """Consecutive steps left out until now."""
    best_loss: float | None = None
    best_step: int | None = None
    """The step of the validation with the lowest loss."""
    bad_validations: int = 0
    seconds: float = 0.0
    """Time trained so far, earlier stretches included."""
    curve: list[dict[str, float | None]] = field(default_factory=list)


def save_state(
    path: Path,
    identity: dict[str, Any],
    counters: Counters,
    model: nn.Module,
    optimizers: Sequence[torch.optim.Optimizer],
    extra: dict[str, dict[str, Tensor]],
) -> None:
    """Writes the state, whole or not at all. `identity` (configurations, data) must be the same when it is loaded.

    Parameters are counted through all optimisers, one after the other.
    Raises TrainingError where it cannot be written.
    """
    tensors = {f"model.{k}": v for k, v in model.state_dict().items()}
    for first, optimizer in _with_first(optimizers):
        for i, moments in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{first + i}.{k}": v for k, v in moments.items()}
    for group, values in extra.items():
        tensors |= {f"{group}.{k}": v for k, v in values.items()}
    tensors = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    header = json.dumps({"identity": identity, "counters": asdict(counters)})
    with writing_errors(path, counters.step), replacing(path) as temporary:
        save_file(tensors, temporary, {"training_state": header})


@dataclass
class Stored:
    """A state as it was read, not yet put into anything."""

    path: Path
    counters: Counters
    groups: dict[str, dict[str, Tensor]]
    """`model`, `optimizer` and the `extra` of `save_state`."""

    def put_into(self, model: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Gives a model and its optimisers what was stored. Raises StateError where it does not hold this model's weights."""
        try:
            model.load_state_dict(self.groups["model"])
        except RuntimeError:
            raise StateError(f"{self.path} does not hold this model's weights; delete it to start anew.") from None
        for first, optimizer in _with_first(optimizers):
            parameters = _parameters(optimizer)
            moments: dict[int, dict[str, Tensor]] = {}
            for key, value in self.groups["optimizer"].items():
                i, name = key.split(".", 1)
                i = int(i) - first
                if not 0 <= i < len(parameters):
                    continue
                if value.shape == parameters[i].shape:
                    # The fused step walks the memory of parameter and moment side by side: both must have one layout.
                    value = torch.empty_like(parameters[i]).copy_(value)
                moments.setdefault(i, {})[name] = value
            optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"]]


def _with_first(optimizers: Sequence[torch.optim.Optimizer]) -> Iterator[tuple[int, torch.optim.Optimizer]]:
    """Each optimiser with the number of parameters in those before it."""
    first = 0
    for optimizer in optimizers:
        yield first, optimizer
        first += len(_parameters(optimizer))


def stored_configs(path: Path) -> tuple[ModelConfig, TrainConfig] | None:
    """The configurations of the run whose training state is at `path`; None where there is no state that can be read."""
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})["training_state"])
        identity = _upgraded(header["identity"])
        return ModelConfig.from_json(identity["model"]), TrainConfig.from_json(identity["training"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError):
        return None


def read_state(path: Path, identity: dict[str, Any]) -> Stored:
    """The state of the run that `identity` tells of. Raises StateError where the file is broken or belongs to another run."""
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})["training_state"])
            # A copy: what safetensors gives is a view of the file, which the next save replaces.
            tensors = {k: file.get_tensor(k).clone() for k in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
        if "unfit" in header["counters"]:
            # A state of an earlier version.
            header["counters"]["skipped_in_a_row"] = header["counters"].pop("unfit")
        counters, found = Counters(**header["counters"]), header["identity"]
        found = _upgraded(found)
        other = [key for key, value in identity.items() if found.get(key) != value]
        differences = {key: _differences(found.get(key), identity[key]) for key in other}
        groups: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}}
        for key, value in tensors.items():
            group, name = key.split(".", 1)
            if name.endswith(_FORMER_BUFFERS):
                continue
            groups.setdefault(group, {})[name] = value
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StateError(f"{path} is not a training state that can be read ({reason}); delete it to start anew.") from None
    if other:
        what = "; ".join(differences[other[0]]) or "other images, or other weights to begin with"
        raise StateError(f"{path} belongs to a run with another {other[0]} ({what}); delete it, or give that run's settings.")
    return Stored(path, counters, groups)


def _upgraded(identity: dict[str, Any]) -> dict[str, Any]:
    """The identity of a run as the present version writes it."""
    model, training = identity.get("model"), identity.get("training")
    if isinstance(training, dict):
        # A state from before there was a choice of what trains.
        training = {"trained": "all", "keep": "last", "norm_statistics": "batch"} | training
    if isinstance(model, dict):
        # Fields that a model did not have when the state was written have their defaults.
        model = {"given": []} | (upgraded_model(model) if is_version_1(model) else model)
    return identity | {"model": model, "training": training}


def _differences(found: Any, wanted: Any, name: str = "") -> list[str]:
    """Each setting that two configurations in JSON do not share, with both values; none for the digests of data."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = sorted({key for key in (*found, *wanted) if found.get(key, _NONE) != wanted.get(key, _NONE)})
        # The fields of one kind say nothing of those of another.
        keys = ["kind"] if "kind" in keys else keys
        pairs = [_differences(found.get(key, _NONE), wanted.get(key, _NONE), f"{name}.{key}".lstrip(".")) for key in keys]
        told = [one for pair in pairs for one in pair]
        return told if len(told) <= MOST_TOLD else [*told[:MOST_TOLD], f"and {len(told) - MOST_TOLD} more"]
    return [f"{name} was {_short(found)} and is now {_short(wanted)}"] if name else []


def _short(value: Any) -> str:
    text = "not set" if value is _NONE or value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."

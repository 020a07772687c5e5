"""Checks of a checkpoint's header, which comes from a file that anyone may have written, and much of which ends on a screen."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from vae_core.config import ConfigError, ModelConfig, TrainConfig
from vae_core.data.dataset import SPLIT_BY
from vae_core.data.preparation import Preparation
from vae_core.data.provenance import LONGEST_RECORD, MOST_RECORDS, RECORD
from vae_core.metrics.table import BY_FACTOR, LISTS, METRICS, MOST_NATS, Metric

LONGEST_TEXT = 1000
MOST_CLASSES = 2**15
"""Largest number of classes, which is what int16 labels of held-out images can name."""
MOST_CLASS_BYTES = 2**21
"""Largest number of bytes that the names of all classes together take as JSON."""
MOST_NUMBERS = 4096
"""Largest length of a list of figures and of a loss curve."""
_COUNTED = (0.0, 1e12)
_TRAINING = {"steps": _COUNTED, "epochs": _COUNTED, "seconds": _COUNTED, "skipped": _COUNTED, "kept_step": _COUNTED}
_CURVE = {"step": _COUNTED, "beta": (0.0, 1e4), "lr": (0.0, 1.0)}


class HeaderError(ValueError):
    """A header that is not one: the message says which field, and why."""


def check(header: Any) -> None:
    """Raises HeaderError unless every field is there, of its kind and of bounded size, and no other is.

    `title`: text. `config`: a ModelConfig. `data`: see `check_data`. `training`: a TrainConfig under `config`, the numbers and
    the curve of a Summary. `metrics`: each a number in the range that `metrics.table` gives it, or null; those of `LISTS` and
    `BY_FACTOR` are lists and objects of them. In `data`, `training` and `metrics` any field may be missing.
    """
    kinds = {"title": check_title, "config": _model, "data": check_data, "training": _training, "metrics": _metrics}
    _fields(header, "", kinds | {"version": _number})
    missing = set(kinds) - set(header)
    if missing:
        raise HeaderError(f"has no header field {min(missing)!r}")


def check_title(value: Any, where: str = "title") -> None:
    """Raises HeaderError unless the value is a line of text that a header holds."""
    _text(value, where)


def check_data(value: Any, where: str = "data") -> None:
    """Raises HeaderError unless the value is what a header says of a data set.

    `name`, `title`, `about` and `fingerprint` are text, `classes` is a list of text, bounded in number and in bytes. Images of
    a person's own also have `split_by`, one of `SPLIT_BY`, and `preparation`, a Preparation. A model that started from a
    checkpoint has `trained_before`, a list of what `provenance.trained_before` gives.
    """
    texts = dict.fromkeys(("name", "title", "about", "fingerprint"), _text)
    lists = {"classes": _classes, "trained_before": _trained_before}
    _fields(value, f"{where}.", texts | lists | {"split_by": _split_by, "preparation": _preparation})


def in_range(value: float | None, lowest: float = -MOST_NATS, highest: float = MOST_NATS) -> bool:
    """True if a header may hold the number, which NaN and infinity are not."""
    return value is not None and math.isfinite(value) and lowest <= value <= highest


def _fields(value: Any, where: str, kinds: dict[str, Callable[[Any, str], None]]) -> None:
    if not isinstance(value, dict):
        raise HeaderError(f"has a header field {where.rstrip('.')!r} that is not an object")
    for key, item in value.items():
        if key not in kinds:
            raise HeaderError(f"has an unknown header field {(where + key)[:60]!r}")
        kinds[key](item, where + key)


def _wrong(where: str, wanted: str) -> HeaderError:
    return HeaderError(f"has a header field {where[:60]!r} that is not {wanted}")


def _text(value: Any, where: str, longest: int = LONGEST_TEXT) -> None:
    if not isinstance(value, str) or len(value) > longest or not all(c.isprintable() for c in value):
        raise _wrong(where, f"a line of at most {longest} printable characters")


def _classes(value: Any, where: str) -> None:
    if not isinstance(value, list) or len(value) > MOST_CLASSES:
        raise _wrong(where, f"a list of at most {MOST_CLASSES:,}")
    for item in value:
        _text(item, where)
    if len(json.dumps(value)) > MOST_CLASS_BYTES:
        raise _wrong(where, f"a list of at most {MOST_CLASS_BYTES:,} bytes: shorten the names of the classes")


def _split_by(value: Any, where: str) -> None:
    if value not in SPLIT_BY:
        raise _wrong(where, " or ".join(map(repr, SPLIT_BY)))


def _trained_before(value: Any, where: str) -> None:
    if not isinstance(value, list) or len(value) > MOST_RECORDS:
        raise _wrong(where, f"a list of at most {MOST_RECORDS} data sets")
    kinds = dict.fromkeys(RECORD, _short_text) | {"split_by": _split_by}
    for i, record in enumerate(value):
        _fields(record, f"{where}[{i}].", kinds)


def _short_text(value: Any, where: str) -> None:
    _text(value, where, LONGEST_RECORD)


def _number(value: Any, where: str, lowest: float = -MOST_NATS, highest: float = MOST_NATS) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong(where, "a number")
    if not lowest <= value <= highest:
        raise _wrong(where, f"a number from {lowest:g} to {highest:g}")


def _ranged(lowest: float, highest: float) -> Callable[[Any, str], None]:
    return lambda value, where: _number(value, where, lowest, highest)


def _metric(value: Any, where: str, metric: Metric | None) -> None:
    """A figure of the table, or a number where the table does not have it; null where it is not defined."""
    if value is None:
        return
    _number(value, where)
    if metric is not None and not metric.allows(value):
        kind = "whole number" if metric.unit == "count" else "number"
        raise _wrong(where, f"a {kind} from {metric.lowest:g} to {metric.highest:g}")


def _metrics(value: Any, where: str) -> None:
    if not isinstance(value, dict) or len(value) > 100:
        raise _wrong(where, "an object of at most 100 figures")
    for key, item in value.items():
        _text(key, where)
        place = f"{where}.{key}"
        if key in LISTS:
            if not isinstance(item, list) or len(item) > MOST_NUMBERS:
                raise _wrong(place, f"a list of at most {MOST_NUMBERS} numbers")
            for number in item:
                _number(number, place)
                _metric(number, place, LISTS[key])
        elif key in BY_FACTOR and isinstance(item, dict) and len(item) <= 100:
            for name, number in item.items():
                _text(name, place)
                _metric(number, place, BY_FACTOR[key])
        else:
            _metric(item, place, METRICS.get(key))


def _curve(value: Any, where: str) -> None:
    if not isinstance(value, list) or len(value) > MOST_NUMBERS:
        raise _wrong(where, f"a list of at most {MOST_NUMBERS} points")
    for point in value:
        _metrics(point, where)
        _number(point.get("step"), f"{where}.step")
        for key, limits in _CURVE.items():
            if point.get(key) is not None:
                _number(point[key], f"{where}.{key}", *limits)


def _preparation(value: Any, where: str) -> None:
    try:
        Preparation.from_json(value)
    except ValueError as error:
        raise HeaderError(f"has a header field {where!r} that is no preparation of pictures: {error}") from None


def _training(value: Any, where: str) -> None:
    numbers = {name: _ranged(*limits) for name, limits in _TRAINING.items()}
    _fields(value, f"{where}.", numbers | {"config": _train, "reason": _text, "curve": _curve})


def _model(value: Any, where: str) -> None:
    try:
        ModelConfig.from_json(value)
    except ConfigError as error:
        raise HeaderError(f"describes a model that cannot be built: {error}") from None


def _train(value: Any, where: str) -> None:
    try:
        TrainConfig.from_json(value)
    except ConfigError as error:
        raise HeaderError(f"describes a training that cannot be: {error}") from None

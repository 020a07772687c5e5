"""What a checkpoint's header may say. It comes from a file that anyone may have written, and much of it ends on a screen."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from vae_core.config import ConfigError, ModelConfig, TrainConfig
from vae_core.data.preparation import Preparation

LONGEST_TEXT = 1000
MOST_CLASSES = 255
MOST_NUMBERS = 4096
"""Of a list of figures, and of points of a loss curve."""
LISTS = ("rate_by_group",)
"""Figures that are more than a number."""


class HeaderError(ValueError):
    """A header that is not one: the message says which field, and why."""


def check(header: Any) -> None:
    """Raises HeaderError unless every field is there, of its kind and of bounded size, and no other is.

    `title`: text. `config`: a ModelConfig. `data`: `name`, `title`, `about`, `fingerprint` as text, `classes` as a list of
    text; for a person's own images `split_by` as text and `preparation`, a Preparation. `training`: a TrainConfig under
    `config`, the numbers and the curve of a Summary. `metrics`: each a finite number, for `rate_by_group` a list of them, or
    null. In `data`, `training` and `metrics` any field may be missing.
    """
    kinds = {"title": _text, "config": _model, "data": _data, "training": _training, "metrics": _metrics}
    _fields(header, "", kinds | {"version": _number})
    missing = set(kinds) - set(header)
    if missing:
        raise HeaderError(f"has no header field {min(missing)!r}")


def _fields(value: Any, where: str, kinds: dict[str, Callable[[Any, str], None]]) -> None:
    if not isinstance(value, dict):
        raise HeaderError(f"has a header field {where.rstrip('.')!r} that is not an object")
    for key, item in value.items():
        if key not in kinds:
            raise HeaderError(f"has an unknown header field {(where + key)[:60]!r}")
        kinds[key](item, where + key)


def _wrong(where: str, wanted: str) -> HeaderError:
    return HeaderError(f"has a header field {where[:60]!r} that is not {wanted}")


def _text(value: Any, where: str) -> None:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not all(c.isprintable() for c in value):
        raise _wrong(where, f"a line of at most {LONGEST_TEXT} printable characters")


def _texts(value: Any, where: str) -> None:
    if not isinstance(value, list) or len(value) > MOST_CLASSES:
        raise _wrong(where, f"a list of at most {MOST_CLASSES}")
    for item in value:
        _text(item, where)


def _number(value: Any, where: str) -> None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 1e300
    if not fits or not math.isfinite(value):
        raise _wrong(where, "a finite number")


def _number_or_null(value: Any, where: str) -> None:
    if value is not None:
        _number(value, where)


def _metrics(value: Any, where: str) -> None:
    if not isinstance(value, dict) or len(value) > 100:
        raise _wrong(where, "an object of at most 100 figures")
    for key, item in value.items():
        _text(key, where)
        if key in LISTS and isinstance(item, list) and len(item) <= MOST_NUMBERS:
            for number in item:
                _number(number, f"{where}.{key}")
        else:
            _number_or_null(item, f"{where}.{key}")


def _curve(value: Any, where: str) -> None:
    if not isinstance(value, list) or len(value) > MOST_NUMBERS:
        raise _wrong(where, f"a list of at most {MOST_NUMBERS} points")
    for point in value:
        _metrics(point, where)
        _number(point.get("step"), f"{where}.step")


def _data(value: Any, where: str) -> None:
    texts = dict.fromkeys(("name", "title", "about", "fingerprint", "split_by"), _text)
    _fields(value, f"{where}.", texts | {"classes": _texts, "preparation": _preparation})


def _preparation(value: Any, where: str) -> None:
    try:
        Preparation.from_json(value)
    except ValueError as error:
        raise HeaderError(f"has a header field {where!r} that is no preparation of pictures: {error}") from None


def _training(value: Any, where: str) -> None:
    numbers = dict.fromkeys(("steps", "epochs", "seconds", "skipped", "kept_step"), _number)
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

"""Observations on their way through feed, model and metrics; images at rest (uint8) and in compute (float32 in [0, 1])."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from vae_core.config import CategoryField, FieldSpec, ImageField, ObservationSpec, TokensField

Classes = int | Sequence[int] | np.ndarray | Tensor
"""Class numbers (N,), or one number for all."""
Noise = Mapping[str, Tensor]
"""The random numbers of one step by the names that the model's `noise` declares, each (B, *shape)."""


@runtime_checkable
class Observations(Protocol):
    """Observations field by field, such as a `Batch` or a split of a data set."""

    @property
    def fields(self) -> Mapping[str, Tensor]:
        """Values of each field, (N, *shape)."""
        ...


@dataclass(frozen=True, eq=False)
class Batch:
    """Observations, field by field."""

    fields: Mapping[str, Tensor]
    """Values of each field, (B, *shape)."""
    observed: Mapping[str, Tensor] = field(default_factory=dict)
    """Masks that are True where a field's value was observed, bool, in the field's shape; a field without one is observed."""

    def __getitem__(self, name: str) -> Tensor:
        return self.fields[name]

    def __len__(self) -> int:
        return len(next(iter(self.fields.values())))

    def map(self, function: Callable[[Tensor], Tensor]) -> Batch:
        """The batch with `function` applied to every tensor, masks included."""
        return Batch({k: function(v) for k, v in self.fields.items()}, {k: function(v) for k, v in self.observed.items()})

    def replace(self, **fields: Tensor) -> Batch:
        """The batch with other values of some fields."""
        return Batch({**self.fields, **fields}, self.observed)

    def to(self, device: torch.device | str) -> Batch:
        """The batch on a device."""
        return self.map(lambda value: value.to(device))

    def split(self, size: int) -> Iterator[Batch]:
        """Consecutive batches of at most `size` observations; one without any where there are none."""
        for start in range(0, max(1, len(self)), size):
            yield self.map(lambda value, rows=slice(start, start + size): value[rows])

    def in_compute(self, spec: ObservationSpec) -> Batch:
        """The batch with every field as models compute with it, and without fields that the spec does not name."""
        fields = {field.name: in_compute(field, self[field.name]) for field in spec.fields}
        return Batch(fields, {name: mask for name, mask in self.observed.items() if name in fields})

    def repeat(self, count: int) -> Batch:
        """Each observation `count` times in a row."""
        return self.map(lambda value: value.repeat_interleave(count, 0))


def local(noise: Noise, owner: str) -> Noise:
    """The noise of one part of a model by the names that the part declares, without the prefix `owner.`."""
    return {name.removeprefix(f"{owner}."): value for name, value in noise.items() if name.startswith(f"{owner}.")}


def repeat(noise_or_features: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
    """Each row of every tensor `count` times in a row."""
    return {name: value.repeat_interleave(count, 0) for name, value in noise_or_features.items()}


def scale(x: Tensor) -> Tensor:
    """uint8 images as float32 in [0, 1]."""
    return x.to(torch.float32) / 255


def one_hot(classes: Tensor, count: int) -> Tensor:
    """Class numbers (B,) as float32 (B, count) with a 1 in the column of the class."""
    # torch.nn.functional.one_hot reads the values, which a compiled step cannot wait for.
    return (classes[:, None] == torch.arange(count, device=classes.device)).to(torch.float32)


IN_COMPUTE: dict[type[FieldSpec], Callable[[Any, Tensor], Tensor]] = {
    ImageField: lambda field, images: scale(images),
    CategoryField: lambda field, classes: one_hot(classes, field.count),
    TokensField: lambda field, tokens: tokens.to(torch.int64),
}
"""From values of each kind of field at rest to values that models compute with."""


def in_compute(field: FieldSpec, values: Tensor) -> Tensor:
    """Values of a field as models compute with them; floats are so already."""
    return values if values.is_floating_point() else IN_COMPUTE[type(field)](field, values)


def as_classes(classes: Classes, count: int, n: int) -> Tensor:
    """Class numbers as int64 (n,), from (n,) numbers or one for all.

    Raises ValueError on any other shape, on numbers that are not whole and on classes outside 0 to `count` - 1.
    """
    found = torch.as_tensor(np.ascontiguousarray(classes) if isinstance(classes, np.ndarray) else classes)
    if found.is_floating_point() or found.is_complex() or found.dtype == torch.bool:
        raise ValueError(f"Classes are {found.dtype}; give whole numbers from 0 to {count - 1}.")
    if found.ndim > 1 or (found.ndim == 1 and len(found) != n):
        raise ValueError(f"Classes have shape {tuple(found.shape)}; give one for each of {n} rows, or one number for all.")
    wrong = found[(found < 0) | (found >= count)]
    if wrong.numel():
        raise ValueError(f"There is no class {int(wrong.flatten()[0])}; this model knows classes 0 to {count - 1}.")
    return found.to(torch.int64).expand(n)


def as_images(x: np.ndarray | Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Images as a tensor (N, C, H, W), uint8 or float32 in [0, 1], of the given (C, H, W).

    Takes (N, C, H, W), one image (C, H, W), and for grey images (N, H, W). Raises ValueError on any other shape, on
    other number types and on floats outside [0, 1].
    """
    x = torch.as_tensor(np.ascontiguousarray(x) if isinstance(x, np.ndarray) else x)
    c, h, w = shape
    found = tuple(x.shape)
    if x.shape[-2:] == (h, w) and x.ndim == 3:
        x = x[:, None] if c == 1 and x.shape[0] != 1 else x[None]
    if x.ndim != 4 or tuple(x.shape[1:]) != shape:
        raise ValueError(f"Images have shape {found}; this model takes (N, {c}, {h}, {w}).")
    if x.dtype == torch.uint8:
        return x
    if not x.dtype.is_floating_point:
        raise ValueError(f"Images are {x.dtype}; give uint8 from 0 to 255, or floats from 0 to 1.")
    if x.numel() and not (bool((x >= 0).all()) and bool((x <= 1).all())):
        raise ValueError("Images have values outside 0 to 1; give floats from 0 to 1, or uint8 from 0 to 255.")
    return x.to(torch.float32)


def as_tokens(x: Sequence[str] | np.ndarray | Tensor, field: TokensField) -> Tensor:
    """Texts as tokens (N, length), from strings or from such tokens.

    Raises ValueError on texts that are too long or have other characters, on another shape or number type, and on numbers that
    are no token.
    """
    if isinstance(x, str):
        raise ValueError(f"There is one text, {x[:40]!r}; give a list of texts.")
    if isinstance(x, np.ndarray) and x.dtype.kind in "UO":
        x = x.tolist()
    if not isinstance(x, np.ndarray | Tensor):
        if all(isinstance(one, str) for one in x):
            return torch.tensor(field.numbers(x), dtype=torch.int64).reshape(-1, field.length)
        try:
            x = torch.tensor(x)
        except (TypeError, ValueError, RuntimeError):
            raise ValueError("Texts are strings, or whole numbers of one length for each text.") from None
    tokens = torch.as_tensor(np.ascontiguousarray(x) if isinstance(x, np.ndarray) else x)
    if tokens.ndim != 2 or tokens.shape[1] != field.length or tokens.dtype not in (torch.uint8, torch.int64):
        raise ValueError(
            f"Tokens are {tokens.dtype} of shape {tuple(tokens.shape)}; this model takes uint8 or int64 (N, {field.length})."
        )
    if tokens.numel() and not 0 <= int(tokens.min()) <= int(tokens.max()) < field.count:
        raise ValueError(f"Tokens go from {int(tokens.min())} to {int(tokens.max())}; this model knows 0 to {field.count - 1}.")
    if bool(goes_on_after_end(tokens).any()):
        raise ValueError("A text goes on behind its end: all tokens after the first 0 must be 0.")
    return tokens


def goes_on_after_end(tokens: Tensor) -> Tensor:
    """True for texts (N, length) with a token other than 0 behind their first 0: bool (N,)."""
    return ((tokens != 0) & ((tokens == 0).cumsum(1) > 0)).any(1)


AT_REST: dict[type[FieldSpec], Callable[[Any, Any], Tensor]] = {
    ImageField: lambda field, images: as_images(images, field.shape),
    TokensField: lambda field, texts: as_tokens(texts, field),
}
"""Checks of the values of each kind of field that models have, from what a caller gives to what a batch holds."""


def at_rest(field: FieldSpec, values: Any) -> Tensor:
    """Values of a field, as a caller gives them, as a tensor (N, *shape). Raises ValueError where they do not fit the field."""
    return AT_REST[type(field)](field, values)


def as_codes(z: np.ndarray | Tensor, shape: tuple[int, ...]) -> Tensor:
    """Codes as a float32 tensor (N, *shape); takes (N, *shape) or one code. Raises ValueError on any other shape."""
    z = torch.as_tensor(np.ascontiguousarray(z) if isinstance(z, np.ndarray) else z)
    z = z[None] if z.ndim == len(shape) else z
    if tuple(z.shape[1:]) != shape:
        raise ValueError(f"Codes have shape {tuple(z.shape)}; this model takes (N, {', '.join(map(str, shape))}).")
    if z.is_floating_point() and not bool(torch.isfinite(z).all()):
        raise ValueError("Codes have values that are not finite.")
    return z.to(torch.float32)

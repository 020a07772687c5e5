"""Likeness of observations and what is decoded for them, by the kind of their field."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from vae_core.config import FieldSpec, ImageField, TokensField
from vae_core.metrics.image import ssim
from vae_core.models.likelihoods.categorical import up_to_end


def _of_images(found: Tensor, wanted: Tensor, full: bool) -> dict[str, Tensor]:
    figures = {"mse": ((found - wanted) ** 2).flatten(1).mean(1)}
    return figures | {"ssim": ssim(found, wanted)} if full else figures


def _of_texts(found: Tensor, wanted: Tensor, full: bool) -> dict[str, Tensor]:
    same, places = found == wanted, up_to_end(wanted)
    accuracy = (same & places).sum(1).float() / places.sum(1)
    return {"token_accuracy": accuracy, "exact_match": (same | ~places).all(1).float()}


LIKENESS: dict[type[FieldSpec], Callable[[Tensor, Tensor, bool], dict[str, Tensor]]] = {
    ImageField: _of_images,
    TokensField: _of_texts,
}


def likeness(field: FieldSpec, found: Tensor, wanted: Tensor, full: bool) -> dict[str, Tensor]:
    """Figures of each of N observations, by their names in `metrics.table`: float32 (N,).

    found: what was decoded. wanted: the observations as models compute with them. full: with the structural similarity of
    images, which takes longer than the others.
    """
    return LIKENESS[type(field)](found, wanted, full)

"""A factor data set on dSprites' own grid, drawn here on demand: every image's causes are known.

The grid (3 shapes x 6 scales x 40 orientations x 32 x 32 positions, 64x64, black and white) is that of Matthey,
Higgins, Hassabis and Lerchner 2017 (https://github.com/google-deepmind/dsprites-dataset); the pixels are our own.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import torch

from .dataset import DataError, Dataset, Split, shuffled

SHAPES = ("square", "ellipse", "heart")
FACTORS = ("shape", "scale", "orientation", "posX", "posY")
SIZES = (3, 6, 40, 32, 32)
VALUES = (
    np.arange(3.0),
    np.linspace(0.5, 1.0, 6),
    np.linspace(0.0, 2 * math.pi, 40),
    np.linspace(0.0, 1.0, 32),
    np.linspace(0.0, 1.0, 32),
)
"""Meaning of each index: shape, scale, orientation (radians, anticlockwise), position (right, down) in 0..1."""

IMAGE = 64
_PATCH = 33  # odd, so that a sprite's centre is a pixel's centre, and 64 - 33 + 1 = 32 places to put it

# In pixels at scale 1: each fits a circle of radius 16, so it fits the patch at every orientation.
_SQUARE_HALF = 10.8
_ELLIPSE = (15.6, 8.2)
_HEART_UNIT = 12.2
_HEART_CENTROID = 0.29348  # of (x^2 + y^2 - 1)^3 = x^2 y^3, so that turning the heart does not move it


def silhouette(shape: str, scale: float, angle: float) -> np.ndarray:
    """One centred sprite, bool (33, 33): a pixel is on where its centre is inside. angle in radians, anticlockwise."""
    reach = _PATCH // 2
    right, down = np.meshgrid(np.arange(-reach, reach + 1.0), np.arange(-reach, reach + 1.0))
    # The pixel in the sprite's own axes (y up): turn it back, then undo the scale.
    x = (math.cos(angle) * right - math.sin(angle) * down) / scale
    y = (-math.sin(angle) * right - math.cos(angle) * down) / scale
    if shape == "square":
        return (np.abs(x) <= _SQUARE_HALF) & (np.abs(y) <= _SQUARE_HALF)
    if shape == "ellipse":
        return (x / _ELLIPSE[0]) ** 2 + (y / _ELLIPSE[1]) ** 2 <= 1
    u, v = x / _HEART_UNIT, y / _HEART_UNIT + _HEART_CENTROID
    return (u**2 + v**2 - 1) ** 3 - u**2 * v**3 <= 0


@functools.cache
def _templates() -> np.ndarray:
    """All 720 sprites without their place, uint8 0/255 (720, 33, 33), the orientation changing fastest."""
    drawn = [silhouette(s, scale, angle) for s in SHAPES for scale in VALUES[1] for angle in VALUES[2]]
    return np.stack(drawn).astype(np.uint8) * 255


def render(indices: torch.Tensor) -> torch.Tensor:
    """The images of factor indices: (N, 5) integers as in FACTORS -> uint8 (N, 1, 64, 64), 0 or 255.

    Raises DataError where an index is off the grid.
    """
    if indices.ndim != 2 or indices.shape[1] != len(SIZES) or indices.dtype.is_floating_point:
        raise DataError(f"Factor indices must be integers (N, 5), and these are {tuple(indices.shape)}.")
    index = indices.cpu().numpy().astype(np.int64)
    for column, size in enumerate(SIZES):
        if len(index) and not (index[:, column].min() >= 0 and index[:, column].max() < size):
            raise DataError(f"The factor {FACTORS[column]} has the indices 0 to {size - 1}, and others were given.")
    template = np.asarray(np.ravel_multi_index(index[:, :3].T, SIZES[:3]))
    place = index[:, 4] * SIZES[3] + index[:, 3]
    out = np.zeros((len(index), IMAGE, IMAGE), np.uint8)
    # Images that share a place are written together: 1,024 block copies instead of one scatter of every pixel.
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    for group in np.split(order, starts[1:]) if len(order) else []:
        top, left = divmod(int(place[group[0]]), SIZES[3])
        out[group, top : top + _PATCH, left : left + _PATCH] = _templates()[template[group]]
    return torch.from_numpy(out)[:, None]


def shapes(train: int = 60_000, validation: int = 2_000, test: int = 8_000) -> Dataset:
    """A fixed sample of the 737,280: no image of one split is, pixel for pixel, in another.

    Raises DataError where the sizes ask for more than the grid has.
    """
    factors = np.stack(np.unravel_index(shuffled(math.prod(SIZES)), SIZES), axis=1)
    # Two causes can draw one image (orientations 0 and 39 are a whole turn apart), so images are told apart by pixels.
    _, same = np.unique(_templates().reshape(len(_templates()), -1), axis=0, return_inverse=True)
    sprite = same.ravel()[np.ravel_multi_index(factors[:, :3].T, SIZES[:3])]
    image = (sprite * SIZES[3] + factors[:, 3]) * SIZES[4] + factors[:, 4]
    free = np.ones(len(factors), bool)
    splits = []
    for count in (test, validation, train):
        chosen = np.flatnonzero(free)[:count]
        if len(chosen) < count:
            raise DataError(f"The shapes' grid cannot give {train:,} + {validation:,} + {test:,} distinct images.")
        free &= ~np.isin(image, image[chosen])
        splits.append(_split(factors[chosen]))
    return Dataset(
        name="shapes",
        title="Shapes",
        about=f"Squares, ellipses and hearts of 64x64 black and white pixels, drawn here on dSprites' grid of 737,280 "
        f"({train:,} train, {validation:,} validation, {test:,} test); free of any licence.",
        train=splits[2],
        validation=splits[1],
        test=splits[0],
        classes=SHAPES,
        factor_names=FACTORS,
        factor_sizes=SIZES,
    )


def _split(factors: np.ndarray) -> Split:
    index = torch.from_numpy(np.ascontiguousarray(factors))
    return Split(render(index), index[:, 0].clone(), factors=index)

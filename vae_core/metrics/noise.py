"""The random numbers of a measurement, which depend on the seed alone.

NumPy's generators give the same numbers however many are asked for at a time, and on any device; those of torch do not. A
figure is therefore the same for every batch size.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from vae_core.specs import NoiseSpec

_KEYS = {"image.pixels": 0, "z.epsilon": 1}
"""Keys of streams that published figures were measured with; any other stream has a key made from its name."""
_IMPORTANCE = 2


class NoiseStreams:
    """One stream of random numbers for each noise of a model, by its name.

    `round_` numbers repetitions of a measurement, and `importance` sets importance samples apart from other draws.
    """

    def __init__(self, specs: Iterable[NoiseSpec], seed: int, round_: int = 0, importance: bool = False):
        self._specs = tuple(specs)
        self._generators = {}
        for spec in self._specs:
            key = [_KEYS.get(spec.name, zlib.crc32(spec.name.encode()))]
            if importance:
                key = [_IMPORTANCE] if key == [1] else [_IMPORTANCE, *key]
            self._generators[spec.name] = np.random.default_rng([*key, seed, round_] if round_ else [*key, seed])

    def draw(self, n: int, device: torch.device | str = "cpu") -> dict[str, Tensor]:
        """The next numbers for n observations, float32 (n, *shape) each."""
        drawn = {}
        for spec in self._specs:
            generator, shape = self._generators[spec.name], (n, *spec.shape)
            draw = generator.standard_normal if spec.distribution == "normal" else generator.random
            drawn[spec.name] = torch.from_numpy(draw(shape, dtype=np.float32)).to(device)
        return drawn

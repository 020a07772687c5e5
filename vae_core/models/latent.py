"""A code drawn for each observation, group by group, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import add

from torch import Tensor


@dataclass(frozen=True, eq=False)
class GroupLatent:
    """The codes of one group for B observations; figures that the model does not define are None."""

    z: Tensor
    """Codes, (B, *shape of the group)."""
    log_q: Tensor | None = None
    """log q(z|x): (B,), nats."""
    log_p: Tensor | None = None
    """log p(z): (B,), nats."""
    rate: Tensor | None = None
    """KL(q(z|x) || p(z)), exact where it has a closed form, else its estimate log q - log p: (B,), nats."""
    rate_by_dimension: Tensor | None = None
    """The rate of each dimension where it is a sum over dimensions: (B, d), nats."""
    scale: Tensor | None = None
    """Standard deviation of each dimension of q(z|x), (B, d), for codes that stand for observations and were not drawn."""


@dataclass(frozen=True, eq=False)
class Latent:
    """The codes of all groups."""

    groups: Mapping[str, GroupLatent]
    terms: Mapping[str, Tensor] = field(default_factory=dict)
    """Further terms that parts of the model add to the loss, by name: (B,), nats."""
    details: Tensor | None = None
    """Codes of the groups below the top one as standard normal numbers that their priors turn into them, (B, k), for codes that
    stand for observations and were not drawn; None where there are no such groups."""

    @property
    def codes(self) -> dict[str, Tensor]:
        """Codes of each group."""
        return {name: group.z for name, group in self.groups.items()}

    @property
    def rate(self) -> Tensor | None:
        """The sum of the rates of all groups, (B,), nats; None where one is not defined."""
        return self._total("rate")

    @property
    def log_q(self) -> Tensor | None:
        """The log density of all codes together, log q(z|x), (B,), nats; None where it is not defined."""
        return self._total("log_q")

    @property
    def log_p(self) -> Tensor | None:
        """The log density of all codes under their priors, log p(z), (B,), nats; None where it is not defined."""
        return self._total("log_p")

    def _total(self, name: str) -> Tensor | None:
        found = [getattr(group, name) for group in self.groups.values()]
        return None if any(value is None for value in found) else reduce(add, found)

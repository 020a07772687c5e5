"""weight(step), as a share of the weight's final value."""

from __future__ import annotations

from typing import Annotated

from vae_core.config.base import Config
from vae_core.config.constraints import Range

Share = Annotated[float, Range(0, 1, without_low=True)]


class ScheduleConfig(Config, axis=True):
    """The course of a weight through a run."""


class ConstantSchedule(ScheduleConfig, kind="constant"):
    """The final value from the first step on."""


class LinearSchedule(ScheduleConfig, kind="linear"):
    """A rise from 0 in a straight line (Bowman et al. 2016, there by steps)."""

    share: Share = 0.1
    """Share of the run in which the weight rises."""


class CyclicalSchedule(ScheduleConfig, kind="cyclical"):
    """A rise from 0 in a straight line at the beginning of each of several equal parts of the run (Fu et al. 2019, eq. 7)."""

    share: Share = 0.1
    """Share of each cycle in which the weight rises."""
    cycles: Annotated[int, Range(1, 1000)] = 4
    """Number of cycles."""

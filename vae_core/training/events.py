"""Events of a run. `fit` calls each subscriber with each event, in order."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from vae_core.metrics.table import shown, weight_name


@dataclass(frozen=True)
class Event:
    """Base of all events."""

    step: int
    """Optimiser steps done."""

    def to_json(self) -> dict[str, Any]:
        """The fields of the event, with its name under `event`."""
        return {"event": type(self).__name__.lower(), **dataclasses.asdict(self)}


@dataclass(frozen=True)
class Started(Event):
    """The length of the run is known; a resumed run starts at the step it had reached."""

    steps: int
    steps_per_epoch: int
    device: str
    precision: str
    engine: str
    source: str
    """`resident` or `streamed`."""
    processes: int
    phases: tuple[str, ...]
    """Names of the phases of a step."""

    def __str__(self) -> str:
        steps = f"{self.steps} step" + ("" if self.steps == 1 else "s")
        several = f" for {len(self.phases)} phases ({', '.join(self.phases)})" if len(self.phases) > 1 else ""
        group = f", {self.processes} processes" if self.processes > 1 else ""
        return f"{steps} on {self.device}, {self.precision}, {self.engine}{several}, images {self.source}{group}"


@dataclass(frozen=True)
class FewSteps(Event):
    """The time budget of the run holds too few steps to learn much, as far as the first steps tell."""

    steps: int
    seconds: float | None
    """A budget that would hold enough steps on this machine; None where only the first steps, which are slower, were timed."""

    def __str__(self) -> str:
        count = "1 step fits" if self.steps == 1 else f"{self.steps} steps fit"
        more = "more time" if self.seconds is None else f"{self.seconds:,.0f} seconds or more"
        return (
            f"Only about {count} into this time, too few to learn much: give the run {more}, or take a smaller net, smaller "
            "batches or smaller images."
        )


@dataclass(frozen=True)
class Compiling(Event):
    """Steps are being compiled, and until that is done no other event comes and `should_stop` is not asked.

    It takes seconds where such steps have been compiled before, else up to a minute.
    """

    engine: str


@dataclass(frozen=True)
class NotCompiled(Event):
    """Compiling failed, and another engine takes the steps, also where the run is gone on from later."""

    engine: str
    reason: str


@dataclass(frozen=True)
class Progress(Event):
    """Means over the steps since the last such event. `metrics.table.TERMS` has the unit of each term."""

    steps: int
    loss: float
    terms: dict[str, float]
    """The mean of each term of every phase by name, before its weight; a term that no step computed is left out."""
    weights: Mapping[str, float]
    """The weight of each term now."""
    lr: float
    images_per_second: float
    seconds_left: float
    skipped: int


@dataclass(frozen=True)
class Validated(Event):
    """Means over the validation images, with the final weights of the terms."""

    loss: float
    """The weighted sum of the objective's `criterion`, in which terms that depend on an adversary do not count."""
    terms: dict[str, float]
    """The mean of each term of every phase by name, before its weight."""
    best: bool
    """True if no earlier validation had a lower loss."""


@dataclass(frozen=True)
class Skipped(Event):
    """A step whose gradient was not finite was left out."""

    skipped: int


@dataclass(frozen=True)
class Saved(Event):
    """The training state was written."""

    path: str


@dataclass(frozen=True)
class Finished(Event):
    """The last event. `reason`: `done`, `early stop` or `stopped`."""

    reason: str
    seconds: float


Subscriber = Callable[[Event], None]


class ProgressLine:
    """One line in a terminal, written over as the run goes; a line for each validation elsewhere."""

    def __init__(self, stream: TextIO = sys.stderr):
        self.stream = stream
        self.live = stream.isatty()
        self.started = ""

    def __call__(self, event: Event) -> None:
        """Writes what a person at a terminal wants to know of the event."""
        if isinstance(event, Started):
            if str(event) != self.started:
                self._line(str(event))
            self.started = str(event)
        elif isinstance(event, Progress) and self.live:
            left = time.strftime("%H:%M:%S", time.gmtime(event.seconds_left))
            speed = f"{event.images_per_second:,.0f} images/s"
            self.stream.write(f"\r{event.step}/{event.steps}  {_values(event.terms)}  {speed}  {left} left\x1b[K")
            self.stream.flush()
        elif isinstance(event, Validated):
            best = " (best)" if event.best else ""
            self._line(f"step {event.step}: validation {_values({'loss': event.loss} | event.terms)}{best}")
        elif isinstance(event, FewSteps):
            self._line(str(event))
        elif isinstance(event, Compiling):
            self._line("compiling the steps")
        elif isinstance(event, NotCompiled):
            self._line(f"not compiled ({event.reason}); goes on as {event.engine}")
        elif isinstance(event, Skipped):
            self._line(f"step {event.step}: the gradient was not finite; {event.skipped} steps left out so far")
        elif isinstance(event, Finished):
            self._line(f"step {event.step}: {event.reason} after {event.seconds:.0f} s")

    def _line(self, text: str) -> None:
        self.stream.write(("\r\x1b[K" if self.live else "") + text + "\n")
        self.stream.flush()


def _values(terms: Mapping[str, float]) -> str:
    """Terms by name with the decimals that the table gives them."""
    return ", ".join(f"{name} {shown(name, terms)}" for name in terms)


class JsonLines:
    """One JSON object a line on a stream."""

    def __init__(self, stream: TextIO):
        self.stream = stream

    def __call__(self, event: Event) -> None:
        """Writes the event."""
        self.stream.write(json.dumps(event.to_json()) + "\n")
        self.stream.flush()


class TensorBoard:
    """Scalars for TensorBoard (`tensorboard --logdir FOLDER`)."""

    def __init__(self, folder: Path):
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder))

    def __call__(self, event: Event) -> None:
        """Writes the values of a report or a validation; the last event closes the file."""
        if isinstance(event, Progress | Validated):
            group = "train" if isinstance(event, Progress) else "validation"
            known = {name: getattr(event, name, None) for name in ("loss", "lr", "images_per_second")}
            known |= event.terms | {weight_name(name): value for name, value in getattr(event, "weights", {}).items()}
            for name, value in known.items():
                if value is not None:
                    self.writer.add_scalar(f"{group}/{name}", value, event.step)
        elif isinstance(event, Finished):
            self.writer.close()

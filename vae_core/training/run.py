"""One run: resuming, validating, saving and reporting."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from vae_core.config import TrainConfig
from vae_core.metrics.table import weight_name
from vae_core.models.autoencoder import Autoencoder
from vae_core.training import events
from vae_core.training.batches import Batches, Fields, validation_generator
from vae_core.training.distributed import ProcessGroup
from vae_core.training.engine_choice import engine_for, made_ready
from vae_core.training.engines import Engine, SkippedSteps
from vae_core.training.errors import TrainingError
from vae_core.training.running_means import RunningMeans, named
from vae_core.training.state import Counters, Stored, read_state, save_state

MOST_POINTS = 2000
"""Largest number of points of a curve; a checkpoint's header takes no more than twice as many."""
FEW_STEPS, ENOUGH_STEPS = 50, 300
"""Steps below which a time budget is called too small, and the steps of the budget that is then named."""
PERSISTENT = 25
"""Steps in a row without a finite gradient after which a run gives up."""


@dataclass(frozen=True)
class Summary:
    """Outcome of a run, which is stored in the checkpoint."""

    steps: int
    epochs: float
    seconds: float
    reason: str
    """`done`, `early stop` or `stopped`."""
    skipped: int
    curve: list[dict[str, float | None]]
    """A point for each validation: the step, the learning rate, the weight of each term, and the means of the loss and of each
    term over validation and over training since the last point (None where no step computed it)."""
    kept_step: int = 0
    """The step whose weights the model has; 0: those that the run began with."""


class Run:
    """A run with its engine ready, at the step of the state at `path` where there is one.

    Raises StateError where that state is broken or another run's.
    """

    def __init__(
        self,
        model: Autoencoder,
        batches: Batches,
        validation: Fields,
        config: TrainConfig,
        group: ProcessGroup,
        path: Path | None,
        data: str,
        subscribers: Iterable[events.Subscriber],
    ):
        self.model, self.batches, self.config, self.group, self.path = model, batches, config, group, path
        self.subscribers = tuple(subscribers) if group.is_first else ()
        self.validation = validation
        if not batches.streamed:
            self.validation = {name: value.to(model.device) for name, value in validation.items()}
        self.validate_every = max(1, round(config.validate_every * batches.steps_per_epoch))
        """Steps between two validations."""
        # How often a run saves, and where its images lie, changes nothing in what it comes to.
        settings = {k: v for k, v in config.to_json().items() if k not in ("save_every", "source")}
        self.identity = {"model": model.config.to_json(), "training": settings, "data": data}
        stored = read_state(path, self.identity) if path is not None and path.exists() else None
        self.counters = stored.counters if stored else Counters(steps=_length(config, batches))
        self.best: dict[str, Tensor] = {}
        """Weights of the best validation, where these are kept."""
        self.engine = self._ready()
        if stored:
            self._restore(stored)
        self.engine.begin(SkippedSteps(self.counters.skipped, self.counters.skipped_in_a_row))
        self.means = RunningMeans(self.engine.sums, model.objective, group)

    def _ready(self) -> Engine:
        counters = self.counters
        chosen = engine_for(self.model, self.config, self.group, counters.steps, counters.engine)
        if chosen.compiles:
            self.tell(events.Compiling(counters.step, chosen.name))
        engine, not_compiled = made_ready(chosen, self.batches, counters.step)
        if not_compiled:
            self.tell(events.NotCompiled(counters.step, engine.name, not_compiled))
        counters.engine = engine.name
        return engine

    def _restore(self, stored: Stored) -> None:
        stored.put_into(self.model, self.engine.optimizers)
        self.best = stored.groups.get("best", {})
        sums = stored.groups["means"]["sums"]
        if len(sums) > len(self.engine.sums):
            # A state of an earlier version has a sum of the rate where there is no rate.
            sums = sums[[0, 1, -1]]
        self.engine.sums.copy_(sums)
        if self.engine.average is not None:
            self.engine.average.load_state_dict(stored.groups["average"])

    def weights_by_name(self, weights: Iterable[float]) -> dict[str, float]:
        """Weights of terms of the loss by the names of the terms."""
        return dict(zip(self.model.objective.weighted, weights, strict=True))

    def tell(self, event: events.Event) -> None:
        """Calls every subscriber with an event."""
        for subscriber in self.subscribers:
            subscriber(event)

    def tell_start(self) -> None:
        """The first event of a run: its length, and how its steps are carried out."""
        counters, engine, batches = self.counters, self.engine, self.batches
        device, precision = str(self.model.device), str(engine.dtype).removeprefix("torch.")
        source = "streamed" if batches.streamed else "resident"
        self.tell(events.Started(
            counters.step, counters.steps, batches.steps_per_epoch, device, precision, engine.name, source, self.group.size,
            tuple(phase.name for phase in self.model.objective.phases),
        ))  # fmt: skip

    def tell_few_steps(self, first: int, step_seconds: float | None) -> None:
        """Says so where the run, which began at step `first`, holds too few steps to learn much.

        step_seconds: seconds that a step takes, None where that is not known.
        """
        counters = self.counters
        if counters.steps - first < FEW_STEPS:
            enough = None if step_seconds is None else ENOUGH_STEPS * step_seconds
            self.tell(events.FewSteps(counters.step, counters.steps, enough))

    def tell_progress(self, lr: float, weights: Mapping[str, float], steps_per_second: float) -> None:
        """Reports the means since the last report, under the weights of the terms now."""
        counters = self.counters
        left, speed = (counters.steps - counters.step) / steps_per_second, steps_per_second * self.batches.batch_size
        means = self.means.recent()
        loss = means.pop("loss")
        self.tell(events.Progress(counters.step, counters.steps, loss, means, weights, lr, speed, left, counters.skipped))

    def count_skipped(self) -> None:
        """Brings the counters of skipped steps up to date. Raises TrainingError where too many in a row were skipped."""
        found, counters = self.engine.skipped(), self.counters
        if found.total > counters.skipped:
            self.tell(events.Skipped(counters.step, found.total))
        counters.skipped, counters.skipped_in_a_row = found.total, found.in_a_row
        if found.in_a_row >= PERSISTENT:
            raise TrainingError(
                f"The gradient was not finite for {PERSISTENT} steps in a row, up to step {counters.step}; "
                "lower the learning rate."
            )

    def validate(self, lr: float, weights: Mapping[str, float]) -> None:
        """Adds a point to the curve, and keeps the weights of the model where they are the best so far and may be wanted."""
        self.engine.end()
        counters, generator = self.counters, validation_generator(self.config, self.model.device)
        found = named(self.engine.validate(self.validation, generator), self.model.objective.terms)
        loss = found["loss"]
        better = math.isfinite(loss) and (counters.best_loss is None or loss < counters.best_loss)
        if better:
            counters.best_loss, counters.best_step, counters.bad_validations = loss, counters.step, 0
            if self.config.keeps_best:
                self.best = {k: v.detach().clone() for k, v in self.engine.evaluated.state_dict().items()}
        else:
            counters.bad_validations += 1
        trained = dict.fromkeys(found) | (self.means.reset() if self.means.count else {})
        columns = {f"train_{name}": value for name, value in trained.items()}
        columns |= {f"validation_{name}": value for name, value in found.items()}
        columns |= {weight_name(name): value for name, value in weights.items()}
        counters.curve.append({"step": counters.step, "lr": lr} | columns)
        if len(counters.curve) > MOST_POINTS:
            # Of a long run every second point tells as much; the last one stays.
            del counters.curve[-2::-2]
        self.tell(events.Validated(counters.step, loss, {k: v for k, v in found.items() if k != "loss"}, better))

    def save(self) -> None:
        """Writes the state, where the run has a folder."""
        if self.path is None:
            return
        self.count_skipped()
        engine, counters = self.engine, self.counters
        engine.end()
        sums = self.group.summed(engine.sums) / self.group.size
        if self.group.is_first:
            average = {} if engine.average is None else {"average": engine.average.state_dict()}
            extra = {"best": self.best, "means": {"sums": sums}} | average
            save_state(self.path, self.identity, counters, self.model, engine.optimizers, extra)
        self.tell(events.Saved(counters.step, str(self.path)))

    def finish(self, reason: str) -> Summary:
        """Saves, and leaves the weights that the run is for in the model."""
        self.save()
        self.engine.end()
        if self.best:
            self.model.load_state_dict(self.best)
        elif self.engine.average is not None:
            self.model.load_state_dict(self.engine.average.module.state_dict())
        counters = self.counters
        self.tell(events.Finished(counters.step, reason, counters.seconds))
        return Summary(
            steps=counters.step,
            epochs=counters.step / self.batches.steps_per_epoch,
            seconds=counters.seconds,
            reason=reason,
            skipped=counters.skipped,
            curve=list(counters.curve),
            kept_step=counters.best_step if self.best and counters.best_step is not None else counters.step,
        )


def _length(config: TrainConfig, batches: Batches) -> int:
    """Steps of the run, or 0 where a budget in seconds has yet to fix them."""
    if config.epochs is not None:
        return max(1, round(config.epochs * batches.steps_per_epoch))
    return config.steps or 0

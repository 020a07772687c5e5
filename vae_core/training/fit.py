"""The training loop, to be read from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext
from pathlib import Path

import torch

from vae_core.batch import as_classes
from vae_core.config import CategoryField, TrainConfig
from vae_core.data.dataset import Dataset, Split, TrainingSplits
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.objectives import schedules
from vae_core.training import events
from vae_core.training.batches import Batches, Fields
from vae_core.training.distributed import ProcessGroup
from vae_core.training.engines import Hyper
from vae_core.training.errors import TrainingError, memory_errors
from vae_core.training.freezing import only
from vae_core.training.run import Run, Summary
from vae_core.training.state import locked
from vae_core.training.time_budget import TimeBudget

STATE_FILE = "state.safetensors"
PROGRESS_EVERY = 0.5
"""Seconds between two progress events."""


def fit(
    model: Autoencoder,
    data: Dataset | TrainingSplits | Split,
    config: TrainConfig,
    *,
    folder: Path | None = None,
    identity: str | None = None,
    subscribers: Iterable[events.Subscriber] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> Summary:
    """Trains `model` in place, on the device it is on.

    It trains with the training split of `data` and validates with its validation split. A single split is divided: a tenth of
    it validates.

    With a `folder` the training state is written there every `config.save_every` seconds and at the end, and a state that is
    found there is resumed: for one engine and number of threads the outcome on a CPU is then bit for bit that of an
    uninterrupted run. `identity` names the data and the weights that the run begins with, the fingerprint of the data if it is
    None; a run of another identity is not resumed. `should_stop` is asked before every step, or before as many as the engine
    takes together. No two runs use one folder at a time.

    Training data that do not fit on the device stay on the host, in memory or mapped from a file, and are brought as they are
    needed (`config.source`). In the processes of a torch.distributed group the model is trained by all: each calls this with
    the same arguments and its own device, computes its share of each batch, and has the same weights in the end; the first
    reports and writes. Batch norm takes its statistics from the share of one process.

    The model comes back in evaluation mode, and torch's number of threads as it was.

    Raises TrainingError where there are fewer than 2 images, the model reads what the data do not have, the gradient stays not
    finite, memory runs out or the state cannot be written, and StateError where the state in `folder` is broken or another
    run's; the state in `folder` stays as it was last written.
    """
    splits = TrainingSplits.divided(data) if isinstance(data, Split) else data
    train, validation = _fields(model, "training", splits.train), _fields(model, "validation", splits.validation)
    threads = torch.get_num_threads()
    group = ProcessGroup()
    try:
        if config.threads:
            torch.set_num_threads(config.threads)
        path = None if folder is None else folder / STATE_FILE
        if identity is None:
            identity = splits.fingerprint if folder is not None else ""
        with (
            locked(path) if path is not None and group.is_first else nullcontext(),
            only(model, config.trained, config.norm_statistics),
            memory_errors(config.batch_size, model.device),
            closing(Batches(train, config, model, group)) as batches,
        ):
            begin, _ = group.agree(False)
            run = Run(model, batches, validation, config, group, path, identity, subscribers)
            return run.finish(_take_steps(run, begin, should_stop))
    finally:
        group.close()
        torch.set_num_threads(threads)
        model.eval()


def _fields(model: Autoencoder, name: str, split: Split) -> Fields:
    """The fields of a split that the model reads."""
    if len(split) < 2:
        raise TrainingError(f"There are {len(split)} {name} images; a run needs at least 2.")
    known = split.fields
    missing = [field for field in model.observation.names if field not in known]
    if missing:
        raise TrainingError(f"The model reads the {missing[0]} of each observation, which the {name} data do not have.")
    for field in model.observation.fields:
        found = tuple(known[field.name].shape[1:])
        if found != field.shape:
            raise TrainingError(f"The {field.name} of the {name} data has shape {found}; this model takes {field.shape}.")
        if isinstance(field, CategoryField):
            try:
                as_classes(known[field.name], field.count, len(split))
            except ValueError as error:
                raise TrainingError(f"The {name} data do not fit the model. {error}") from None
    return {field: known[field] for field in model.observation.names}


def _take_steps(run: Run, begin: float, should_stop: Callable[[], bool]) -> str:
    """Takes the steps of a run that began at that time, and says why it is over."""
    config, counters, engine, batches, group = run.config, run.counters, run.engine, run.batches, run.group
    validate_every, before = run.validate_every, counters.seconds
    time_budget = None
    if config.seconds is not None:
        time_budget = TimeBudget(counters.step, begin, config.seconds - before, validate_every, engine.at_once)
    if counters.steps:
        run.tell_start()
    if config.keep == "best" and not counters.step and not counters.curve:
        lr, *weights = _hyper(run, 0.0)
        run.validate(lr, run.weights_by_name(weights))
    first, agreed_at = counters.step, -1
    now = last_save = last_progress = began_steps = group.agree(False)[0]
    run.model.train()

    while not counters.steps or counters.step < counters.steps:
        if counters.step // group.agree_every != agreed_at:
            agreed_at = counters.step // group.agree_every
            now, stop = group.agree(should_stop())
            if stop:
                return "stopped"
        if config.patience and counters.bad_validations >= config.patience:
            return "early stop"
        steps = _next_steps(run)
        hypers = [_hyper(run, step / counters.steps if counters.steps else 0.0) for step in steps]
        # In each step, each phase of the objective that is due: its terms, their gradient, an update of what it moves.
        engine.run(steps, *batches.get(steps, engine.at_once), hypers)
        counters.step = steps.stop
        lr, *weights = hypers[-1]

        if counters.step % engine.read_every < len(steps) or not counters.steps:
            run.count_skipped()
        if group.size == 1:
            now = time.perf_counter()
        counters.seconds = before + now - begin

        if time_budget is not None:
            _plan(run, time_budget, now, first)
        # The first event of a run tells of its length.
        validating = counters.steps and (counters.step % validate_every == 0 or counters.step == counters.steps)
        if now - last_progress >= PROGRESS_EVERY and run.means.recent_count and counters.steps:
            run.tell_progress(lr, run.weights_by_name(weights), (counters.step - first) / (now - began_steps))
            last_progress = now
        if validating:
            run.count_skipped()
        if validating and run.means.count:
            begin_validation, _ = group.agree(False)
            run.validate(lr, run.weights_by_name(weights))
            now, _ = group.agree(False)
            counters.seconds = before + now - begin
            if time_budget is not None:
                time_budget.validated(now - begin_validation)
        if now - last_save >= config.save_every:
            run.save()
            last_save = group.agree(False)[0]
    return "done"


def _next_steps(run: Run) -> range:
    """The steps that the engine takes next, of which none lies beyond a validation or the end of the run."""
    counters = run.counters
    due = run.validate_every - counters.step % run.validate_every
    if counters.steps:
        due = min(due, counters.steps - counters.step)
    return range(counters.step, counters.step + min(run.engine.at_once, due))


def _plan(run: Run, time_budget: TimeBudget, now: float, first: int) -> None:
    """Fits the length of a run that began at step `first` to its time budget, and reports it once it is known."""
    counters = run.counters
    if counters.steps:
        counters.steps = time_budget.steps(counters.step, now, counters.steps)
    elif time_budget.known(counters.step, now):
        time_budget.expect_validation(run.engine.validation_seconds(run.validation))
        counters.steps = time_budget.steps(counters.step, now, 0)
        if counters.steps:
            run.tell_start()
            run.tell_few_steps(first, time_budget.step_seconds if time_budget.timed else None)


def _hyper(run: Run, done: float) -> Hyper:
    """Learning rate and weights of the terms where that share of the run is done."""
    config = run.config
    lr = config.lr * schedules.learning_rate(config.lr_schedule, config.warmup, done)
    return lr, *run.model.objective.weights(done)

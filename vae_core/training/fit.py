"""The training loop, to be read from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext
from pathlib import Path

import torch
from torch import Tensor

from vae_core import schedules
from vae_core.autoencoder import Autoencoder
from vae_core.config import TrainConfig
from vae_core.training import events
from vae_core.training.errors import TrainingError, memory_errors
from vae_core.training.feed import Feed
from vae_core.training.parts import only
from vae_core.training.run import Run, Summary
from vae_core.training.state import held
from vae_core.training.team import Team
from vae_core.training.time_budget import TimeBudget

STATE_FILE = "state.safetensors"
PROGRESS_EVERY = 0.5
"""Seconds between two progress events."""


def fit(
    model: Autoencoder,
    train: Tensor,
    validation: Tensor,
    config: TrainConfig,
    *,
    folder: Path | None = None,
    data: str = "",
    subscribers: Iterable[events.Subscriber] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> Summary:
    """Trains `model` in place, on the device it is on, with uint8 images (N, C, H, W).

    With a `folder` the training state is written there every `config.save_every` seconds and at the end, and a state
    found there is gone on from: for one engine and number of threads the outcome on a CPU is then bit for bit that of an
    uninterrupted run. `data` (a fingerprint) keeps a run from going on with other images. `should_stop` is asked before
    every step, or before as many as the engine takes at once. No two runs go on in one folder at a time.

    Training images that do not fit on the device stay on the host, in memory or mapped from a file, and are brought as they are
    needed (`config.source`). In the processes of a torch.distributed group the model is trained by all: each calls this with
    the same arguments and its own device, computes its share of each batch, and has the same weights in the end; the first
    tells and writes. Batch norm takes its statistics from a process's share.

    The model comes back in evaluation mode, and torch's number of threads as it was.

    Raises TrainingError where there are fewer than 2 images, the gradient stays not finite, memory runs out or the state cannot
    be written, and StateError where the state in `folder` is broken or another run's; the state in `folder` stays as it was
    last written.
    """
    for name, images in (("training", train), ("validation", validation)):
        if len(images) < 2:
            raise TrainingError(f"There are {len(images)} {name} images; a run needs at least 2.")
        if images.dtype != torch.uint8 or tuple(images.shape[1:]) != model.config.image:
            found = f"{images.dtype} of shape {tuple(images.shape[1:])}"
            wanted = f"torch.uint8 of shape {model.config.image}"
            raise TrainingError(f"The {name} images are {found}; this model takes {wanted}.")
    threads = torch.get_num_threads()
    team = Team()
    try:
        if config.threads:
            torch.set_num_threads(config.threads)
        path = None if folder is None else folder / STATE_FILE
        with (
            held(path) if path is not None and team.leads else nullcontext(),
            only(model, config.trained, config.norm_statistics),
            memory_errors(config.batch_size, model.device),
            closing(Feed(train, config, model, team)) as feed,
        ):
            begin, _ = team.look(False)
            run = Run(model, feed, validation, config, team, path, data, subscribers)
            return run.finish(_take_steps(run, begin, should_stop))
    finally:
        team.close()
        torch.set_num_threads(threads)
        model.eval()


def _take_steps(run: Run, begin: float, should_stop: Callable[[], bool]) -> str:
    """Takes the steps of a run that began at that time, and says why it is over."""
    config, counters, engine, feed, team = run.config, run.counters, run.engine, run.feed, run.team
    validate_every, before = run.validate_every, counters.seconds
    time_budget = None
    if config.seconds is not None:
        time_budget = TimeBudget(counters.step, begin, config.seconds - before, validate_every, engine.at_once)
    if counters.steps:
        run.tell_start()
    if config.keep == "best" and not counters.step and not counters.curve:
        run.validate(*_weights(run, 0.0))
    first, agreed_at = counters.step, -1
    now = last_save = last_progress = began_steps = team.look(False)[0]
    run.model.train()

    while not counters.steps or counters.step < counters.steps:
        if counters.step // team.agree_every != agreed_at:
            agreed_at = counters.step // team.agree_every
            now, stop = team.look(should_stop())
            if stop:
                return "stopped"
        if config.patience and counters.bad_validations >= config.patience:
            return "early stop"
        steps = _next_steps(run)
        weights = [_weights(run, step / counters.steps if counters.steps else 0.0) for step in steps]
        engine.take(*feed.take(steps, engine.at_once), weights)
        counters.step = steps.stop
        lr, beta = weights[-1]

        if counters.step % engine.read_every < len(steps) or not counters.steps:
            run.look()
        if team.size == 1:
            now = time.perf_counter()
        counters.seconds = before + now - begin

        if time_budget is not None:
            _plan(run, time_budget, now, first)
        # The first event of a run tells of its length.
        validating = counters.steps and (counters.step % validate_every == 0 or counters.step == counters.steps)
        if now - last_progress >= PROGRESS_EVERY and run.means.recent_count and counters.steps:
            run.tell_progress(lr, beta, (counters.step - first) / (now - began_steps))
            last_progress = now
        if validating:
            run.look()
        if validating and run.means.count:
            begin_validation, _ = team.look(False)
            run.validate(lr, beta)
            now, _ = team.look(False)
            counters.seconds = before + now - begin
            if time_budget is not None:
                time_budget.validated(now - begin_validation)
        if now - last_save >= config.save_every:
            run.save()
            last_save = team.look(False)[0]
    return "done"


def _next_steps(run: Run) -> range:
    """The steps that the engine takes next, of which none lies beyond a validation or the end of the run."""
    counters = run.counters
    due = run.validate_every - counters.step % run.validate_every
    if counters.steps:
        due = min(due, counters.steps - counters.step)
    return range(counters.step, counters.step + min(run.engine.at_once, due))


def _plan(run: Run, time_budget: TimeBudget, now: float, first: int) -> None:
    """Fits the length of a run that began at step `first` to its time budget, and tells of it once it is known."""
    counters = run.counters
    if counters.steps:
        counters.steps = time_budget.steps(counters.step, now, counters.steps)
    elif time_budget.known(counters.step, now):
        time_budget.expect_validation(run.engine.time_of_validation(run.validation))
        counters.steps = time_budget.steps(counters.step, now, 0)
        if counters.steps:
            run.tell_start()
            run.tell_few_steps(first, time_budget.step_seconds if time_budget.timed else None)


def _weights(run: Run, done: float) -> tuple[float, float]:
    """Learning rate and beta where that share of the run is done."""
    config = run.config
    return config.lr * schedules.learning_rate(config.lr_schedule, config.warmup, done), run.model.objective.beta(done)

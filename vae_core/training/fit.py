"""The training loop, to be read from top to bottom."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from vae_core import schedules
from vae_core.autoencoder import Autoencoder
from vae_core.config import TrainConfig
from vae_core.training import events
from vae_core.training.choice import engine_for, made_ready
from vae_core.training.engines import Eager
from vae_core.training.errors import TrainingError, memory_errors
from vae_core.training.feed import Feed, validation_generator
from vae_core.training.means import Means, as_floats
from vae_core.training.pace import Pace
from vae_core.training.parts import only
from vae_core.training.state import Counters, held, read_state, save_state
from vae_core.training.team import Team

STATE_FILE = "state.safetensors"
MOST_POINTS = 2000
"""Of a run's curve; a checkpoint's header takes no more than twice as many."""
PROGRESS_EVERY = 0.5
"""Seconds between two progress events."""
PERSISTENT = 25
"""Steps in a row without a finite gradient after which a run gives up."""


@dataclass(frozen=True)
class Summary:
    """What a run did: it travels with the checkpoint."""

    steps: int
    epochs: float
    seconds: float
    reason: str
    """`done`, `early stop` or `stopped`."""
    skipped: int
    curve: list[dict[str, float | None]]
    """A point for each validation: step, beta, lr, the mean terms of training since the last point, and of validation."""


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
            only(model, config.trained),
            memory_errors(config.batch_size, model.device),
            closing(Feed(train, config, model, team)) as feed,
        ):
            return _fit(model, feed, validation, config, path, data, tuple(subscribers), should_stop, team)
    finally:
        team.close()
        torch.set_num_threads(threads)
        model.eval()


def _fit(
    model: Autoencoder,
    feed: Feed,
    validation: Tensor,
    config: TrainConfig,
    path: Path | None,
    data: str,
    subscribers: tuple[events.Subscriber, ...],
    should_stop: Callable[[], bool],
    team: Team,
) -> Summary:
    def tell(event: events.Event) -> None:
        for subscriber in subscribers if team.leads else ():
            subscriber(event)

    begin, _ = team.look(False)
    if not feed.streamed:
        validation = validation.to(model.device)
    # How often a run saves, and where its images lie, changes nothing in what it comes to.
    settings = {k: v for k, v in config.to_json().items() if k not in ("save_every", "source")}
    identity = {"model": model.config.to_json(), "training": settings, "data": data}
    stored = read_state(path, identity) if path is not None and path.exists() else None
    counters = stored.counters if stored else Counters(steps=_length(config, feed))
    chosen = engine_for(model, config, team, counters.steps, counters.engine)
    engine, not_compiled = made_ready(chosen, feed, counters.step)
    if not_compiled:
        tell(events.NotCompiled(counters.step, engine.name, not_compiled))
    counters.engine = engine.name
    best: dict[str, Tensor] = {}
    if stored:
        stored.put_into(model, engine.optimizer)
        best = stored.groups.get("best", {})
        engine.sums.copy_(stored.groups["means"]["sums"])
        if engine.average is not None:
            engine.average.load_state_dict(stored.groups["average"])
    engine.begin(counters.skipped, counters.unfit)
    means = Means(engine.sums, team)

    def save() -> None:
        if path is None:
            return
        _look(engine, counters, tell)
        engine.end()
        sums = team.summed(engine.sums) / team.size
        if team.leads:
            average = {} if engine.average is None else {"average": engine.average.state_dict()}
            extra = {"best": best, "means": {"sums": sums}} | average
            save_state(path, identity, counters, model, engine.optimizer, extra)
        tell(events.Saved(counters.step, str(path)))

    def started() -> None:
        precision = str(engine.dtype).removeprefix("torch.")
        tell(events.Started(
            counters.step, counters.steps, feed.steps_per_epoch, str(model.device), precision, engine.name,
            "streamed" if feed.streamed else "resident", team.size,
        ))  # fmt: skip

    validate_every = max(1, round(config.validate_every * feed.steps_per_epoch))
    reason, before = "done", counters.seconds
    pace = (
        None if config.seconds is None else Pace(counters.step, begin, config.seconds - before, validate_every, engine.at_once)
    )
    first, now, agreed_at = counters.step, begin, -1
    last_save = last_progress = began_steps = team.look(False)[0]
    model.train()
    if counters.steps:
        started()

    while not counters.steps or counters.step < counters.steps:
        if counters.step // team.agree_every != agreed_at:
            agreed_at = counters.step // team.agree_every
            now, stop = team.look(should_stop())
            if stop:
                reason = "stopped"
                break
        if config.patience and counters.bad_validations >= config.patience:
            reason = "early stop"
            break
        due = validate_every - counters.step % validate_every
        if counters.steps:
            due = min(due, counters.steps - counters.step)
        steps = range(counters.step, counters.step + min(engine.at_once, due))
        weights = [_weights(config, model, step / counters.steps if counters.steps else 0.0) for step in steps]
        engine.take(*feed.take(steps, engine.at_once), weights)
        counters.step = steps.stop
        lr, beta = weights[-1]

        if counters.step % engine.read_every < len(steps) or not counters.steps:
            _look(engine, counters, tell)
        if team.size == 1:
            now = time.perf_counter()
        counters.seconds = before + now - begin

        if pace is not None:
            length = counters.steps
            if length:
                length = pace.steps(counters.step, now, length)
            elif pace.known(counters.step, now):
                pace.validation_seconds = engine.time_of_validation(validation)
                length = pace.steps(counters.step, now, 0)
            known, counters.steps = counters.steps, length
            if length and not known:
                started()
        # The first event of a run tells of its length.
        validating = counters.steps and (counters.step % validate_every == 0 or counters.step == counters.steps)
        if now - last_progress >= PROGRESS_EVERY and means.recent_count and counters.steps:
            so_far = (counters.step - first) / (now - began_steps)
            left = (counters.steps - counters.step) / so_far
            speed = so_far * feed.batch_size
            tell(events.Progress(counters.step, counters.steps, *means.recent(), beta, lr, speed, left, counters.skipped))
            last_progress = now
        if validating:
            _look(engine, counters, tell)
        if validating and means.count:
            engine.end()
            begin_validation, _ = team.look(False)
            loss, distortion, rate = as_floats(engine.validate(validation, validation_generator(config, model.device)))
            better = math.isfinite(loss) and (counters.best_loss is None or loss < counters.best_loss)
            if better:
                counters.best_loss, counters.bad_validations = loss, 0
                if config.patience:
                    best = {k: v.detach().clone() for k, v in engine.evaluated.state_dict().items()}
            else:
                counters.bad_validations += 1
            seen = dict(zip(("train_loss", "train_distortion", "train_rate"), means.take(), strict=True))
            point = {"validation_loss": loss, "validation_distortion": distortion, "validation_rate": rate}
            counters.curve.append({"step": counters.step, "beta": beta, "lr": lr} | seen | point)
            if len(counters.curve) > MOST_POINTS:
                # Of a long run every second point tells as much; the last one stays.
                del counters.curve[-2::-2]
            tell(events.Validated(counters.step, loss, distortion, rate, better))
            now, _ = team.look(False)
            counters.seconds = before + now - begin
            if pace is not None:
                pace.validated(now - begin_validation)
        if now - last_save >= config.save_every:
            save()
            last_save = team.look(False)[0]

    save()
    engine.end()
    if best:
        model.load_state_dict(best)
    elif engine.average is not None:
        model.load_state_dict(engine.average.module.state_dict())
    tell(events.Finished(counters.step, reason, counters.seconds))
    kept = {k: v for k, v in asdict(counters).items() if k in ("skipped", "curve", "seconds")}
    return Summary(steps=counters.step, epochs=counters.step / feed.steps_per_epoch, reason=reason, **kept)


def _weights(config: TrainConfig, model: Autoencoder, done: float) -> tuple[float, float]:
    """Learning rate and beta where that share of the run is done."""
    return config.lr * schedules.learning_rate(config.lr_schedule, config.warmup, done), model.objective.beta(done)


def _look(engine: Eager, counters: Counters, tell: events.Subscriber) -> None:
    """Finds out which steps were left out. Raises TrainingError where they go on."""
    found = engine.read()
    if found.skipped > counters.skipped:
        tell(events.Skipped(counters.step, found.skipped))
    counters.skipped, counters.unfit = found.skipped, found.unfit
    if found.unfit >= PERSISTENT:
        raise TrainingError(
            f"The gradient was not finite for {PERSISTENT} steps in a row, up to step {counters.step}; lower the learning rate."
        )


def _length(config: TrainConfig, feed: Feed) -> int:
    """Steps of the run, or 0 where a budget in seconds has yet to fix them."""
    if config.epochs is not None:
        return max(1, round(config.epochs * feed.steps_per_epoch))
    return config.steps or 0

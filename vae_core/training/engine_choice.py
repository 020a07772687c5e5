"""The choice of the engine that takes the steps of a run: the one asked for, or the one that pays for so long a run."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from vae_core.config import TrainConfig
from vae_core.config.training import EngineName
from vae_core.models.base import LatentVariableModel
from vae_core.models.objectives import Phase
from vae_core.training.batches import Batches
from vae_core.training.distributed import ProcessGroup
from vae_core.training.engines import Compiled, CompiledGraphed, Eager, Engine, Graphed

ENGINES = {engine.name: engine for engine in (Eager, Compiled, Graphed, CompiledGraphed)}
NOT_COMPILED: dict[str, EngineName] = {"compile": "eager", "compiled-graph": "graph"}
"""Engines that replace engines that compile, where compiling fails."""
RECORDING_PAYS, COMPILING_PAYS = (10, 1_000), (120, 50_000)
"""(seconds, steps) of a run from which what it takes to record a CUDA graph comes back, which is some seconds in a new process,
and the half minute that compiling may take."""


def engine_for(
    model: LatentVariableModel, config: TrainConfig, group: ProcessGroup, steps: int = 0, before: str = ""
) -> Engine:
    """The engine of a run of so many steps (0: not known yet).

    It is the one that the run had `before`, the one that is asked for, or the one that pays; without CUDA it is the nearest
    one. A run in a group, or of several phases, is carried out step by step.
    """
    if group.size > 1 or not _fusible(model.objective.phases):
        return Eager(model, config, group)
    wanted = before or config.engine
    if wanted == "auto":
        wanted = _paying(model.device, config.seconds or 0, steps)
    if model.device.type != "cuda":
        wanted = {"graph": "eager", "compiled-graph": "compile"}.get(wanted, wanted)
    return ENGINES[wanted](model, config, group)


def made_ready(engine: Engine, batches: Batches, step: int) -> tuple[Engine, str]:
    """The engine, compiled for what `batches` gives, and ""; or what takes its place where compiling fails, and why it does."""
    try:
        engine.prepare(*batches.example(step, engine.at_once))
        return engine, ""
    except Exception as error:
        # Compilers are missing, or fail for reasons of their own, and nothing has happened yet.
        if not engine.compiles:
            raise
        reason = f"{type(error).__name__}: {error}".split("\n")[0]
    other = ENGINES[NOT_COMPILED[engine.name]](engine.model, engine.config, engine.group)
    return made_ready(other, batches, step)[0], reason


def _fusible(phases: Sequence[Phase]) -> bool:
    """True if a step is one update of the whole model, which can be one graph."""
    return len(phases) == 1 and phases[0].moves is None and phases[0].every == 1


def _paying(device: torch.device, seconds: float, steps: int) -> EngineName:
    def lasts(pays: tuple[int, int]) -> bool:
        return seconds >= pays[0] or steps >= pays[1]

    if device.type == "cuda":
        return "compiled-graph" if lasts(COMPILING_PAYS) else "graph" if lasts(RECORDING_PAYS) else "eager"
    return "compile" if device.type == "cpu" and lasts(COMPILING_PAYS) else "eager"

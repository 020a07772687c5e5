"""Errors that stop a run, each told in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError

NO_MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory", re.IGNORECASE)


class TrainingError(RuntimeError):
    """A run that cannot start or go on; the message says why and what to do."""


@contextmanager
def memory_errors(batch_size: int, device: torch.device) -> Iterator[None]:
    """Raises TrainingError for what is raised where memory runs out, on whatever device."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not isinstance(error, MemoryError) and not NO_MEMORY.search(str(error)):
            raise
        raise TrainingError(
            f"The memory of {device} does not hold a step with batches of {batch_size} images; "
            "take a smaller batch size or model. A state that was written before is kept."
        ) from None


@contextmanager
def writing_errors(path: Path, step: int) -> Iterator[None]:
    """Raises TrainingError where a state cannot be written."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error).removeprefix("Error while serializing: ")
        raise TrainingError(
            f"The state of step {step} cannot be written to {path} ({reason}); make room or give another folder. "
            "What was written before is kept, and the run goes on from there."
        ) from None

"""The task of drawing a map of a checkpoint's held-out codes, which is then stored for all."""

from __future__ import annotations

import time
from pathlib import Path

from explorer.services.tasks.context import Context, Stopped
from vae_core import checkpoint, projection

TELL_EVERY = 0.2
"""Seconds between two events."""


def draw_map(context: Context) -> None:
    """Arguments: `checkpoint` (path), `method`, `parameters`, `folder` (of the stored maps)."""
    told = 0.0

    def progress(share: float) -> None:
        nonlocal told
        if context.should_stop():
            raise Stopped
        if time.monotonic() - told >= TELL_EVERY or share == 1:
            told = time.monotonic()
            context.tell({"event": "progress", "share": share})

    given = context.arguments
    held_out = checkpoint.load(Path(given["checkpoint"])).held_out
    if held_out is None:
        raise ValueError("This checkpoint carries no codes of held-out images to draw a map of.")
    found = projection.project(held_out.codes.numpy(), given["method"], progress=progress, **given["parameters"])
    projection.save(found, Path(given["folder"]))
